"""Writes an OCI image archive of one layer: oci_archive.py ROOTFS FILE

The same root file system gives the same bytes (OCI image specification 1.0: image-layout, manifest, config).
"""

import gzip
import hashlib
import io
import json
import os
import sys
import tarfile
import tempfile

CREATED = "2026-01-01T00:00:00Z"
DATE = 1767225600
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
# What a cluster mounts or the machine that built the image left there.
EMPTY = ("dev", "proc", "sys", "tmp", "run", "var/cache/apt", "var/lib/apt/lists")


def entries(root):
    for folder, names, files in os.walk(root):
        names.sort()
        relative = os.path.relpath(folder, root)
        if relative in EMPTY:
            names.clear()
            continue
        for name in sorted(names + files):
            path = os.path.join(folder, name)
            yield path, os.path.relpath(path, root)


class Hashing(io.RawIOBase):
    """A file that counts and hashes what is written to it."""

    def __init__(self, file):
        self.file, self.digest, self.size = file, hashlib.sha256(), 0

    def writable(self):
        return True

    def write(self, data):
        self.digest.update(data)
        self.size += len(data)
        return self.file.write(data)


def write_layer(root, file):
    packed = Hashing(file)
    with gzip.GzipFile(fileobj=packed, mode="wb", filename="", mtime=0, compresslevel=6) as stream:
        plain = Hashing(stream)
        with tarfile.open(fileobj=plain, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            for path, name in entries(root):
                info = tar.gettarinfo(path, arcname=name)
                if info is None or info.ischr() or info.isblk():
                    continue
                info.mtime = int(info.mtime)
                info.uname = info.gname = ""
                if info.isreg():
                    with open(path, "rb") as content:
                        tar.addfile(info, content)
                else:
                    tar.addfile(info)
    return packed, plain


def add(tar, name, size, content):
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = size, DATE, 0o644
    tar.addfile(info, content)


def add_blob(tar, document):
    data = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    digest = hashlib.sha256(data).hexdigest()
    add(tar, "blobs/sha256/" + digest, len(data), io.BytesIO(data))
    return {"digest": "sha256:" + digest, "size": len(data)}


def main(root, target):
    folder = os.path.dirname(os.path.abspath(target))
    with tempfile.TemporaryFile(dir=folder) as layer, open(target + ".new", "wb") as file:
        packed, plain = write_layer(root, layer)
        layer.seek(0)
        with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            layer_digest = packed.digest.hexdigest()
            add(tar, "oci-layout", 30, io.BytesIO(b'{"imageLayoutVersion":"1.0.0"}'))
            add(tar, "blobs/sha256/" + layer_digest, packed.size, layer)
            config = add_blob(tar, {
                "created": CREATED,
                "architecture": ARCHITECTURES[os.uname().machine],
                "os": "linux",
                "config": {
                    "User": "1000:1000",
                    "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8"],
                    "WorkingDir": "/home/user",
                    "Cmd": ["python3"],
                },
                "rootfs": {"type": "layers", "diff_ids": ["sha256:" + plain.digest.hexdigest()]},
                "history": [{"created": CREATED, "created_by": "deploy/image/build.sh"}],
            })
            manifest = add_blob(tar, {
                "schemaVersion": 2,
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **config},
                "layers": [{
                    "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                    "digest": "sha256:" + layer_digest,
                    "size": packed.size,
                }],
            })
            index = json.dumps({
                "schemaVersion": 2,
                "manifests": [{
                    "mediaType": "application/vnd.oci.image.manifest.v1+json",
                    **manifest,
                    "annotations": {"org.opencontainers.image.ref.name": "pyruntime-forge/sandbox:latest"},
                }],
            }).encode()
            add(tar, "index.json", len(index), io.BytesIO(index))
    os.replace(target + ".new", target)


if __name__ == "__main__":
    main(*sys.argv[1:])
