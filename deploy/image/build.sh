#!/bin/bash
# The root file system of a sandbox: build.sh [--oci FILE] OUT_DIR
#
# Makes OUT_DIR/rootfs (root needed) and, with --oci, an OCI image archive of it for a cluster. What exists and was made
# from the same inputs is kept. Packages come from the host's own Debian mirror and package index settings.
set -euo pipefail
umask 022
here=$(cd "$(dirname "$0")" && pwd)

usage() {
  echo "usage: build.sh [--oci FILE] OUT_DIR" >&2
  exit 2
}

oci=
if [ "${1-}" = --oci ]; then
  [ $# -eq 3 ] || usage
  oci=$(realpath -m "$2")
  shift 2
fi
[ $# -eq 1 ] || usage
out=$(realpath -m "$1")

[ "$(id -u)" = 0 ] || { echo "build.sh: making a root file system needs root: run it with sudo" >&2; exit 1; }
for tool in mmdebstrap python3 flock; do
  command -v "$tool" > /dev/null || { echo "build.sh: $tool is missing: apt-get install $tool" >&2; exit 1; }
done

mkdir -p "$out"
exec 9> "$out/.lock"
flock -n 9 || { echo "another build is at work in $out; waiting for it"; flock 9; }

recipe=("$here/build.sh" "$here/customize.sh" "$here/requirements.lock" "$here/packages.txt")
stamp=$(cat "${recipe[@]}" | sha256sum | cut -d' ' -f1)
log=$out/build.log
fresh=$out/rootfs.$(date +%s).$$

failed() {
  echo "build.sh: this step failed; the end of $log:" >&2
  tail -n 15 "$log" >&2
  exit 1
}

# Nothing of the host is mounted below a tree that is removed, whatever ended an earlier build.
remove_tree() { rm -rf --one-file-system "$1"; }

put_in_place() {
  if [ ! -e "$out/rootfs" ]; then
    mv -T "$fresh" "$out/rootfs"
  elif ! python3 -c "$exchange" "$fresh" "$out/rootfs" 2>> "$log"; then
    # Not every file system can; then a sandbox that starts in between fails once.
    mv -T "$out/rootfs" "$fresh.before"
    mv -T "$fresh" "$out/rootfs"
  fi
  echo "$stamp" > "$out/rootfs.stamp"
}

# renameat2 with RENAME_EXCHANGE: there is a whole root at every moment, and the one before gets the new one's name.
exchange='import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
if libc.renameat2(-100, os.fsencode(sys.argv[1]), -100, os.fsencode(sys.argv[2]), 2) != 0:
    sys.exit("cannot exchange: " + os.strerror(ctypes.get_errno()))'

build_rootfs() {
  echo "[1/3] Debian 12 and its Python, then the packages of requirements.lock (about a minute; details: $log)"
  # What the recipe itself installs carries this date.
  SOURCE_DATE_EPOCH=1767225600 mmdebstrap --mode=root --variant=minbase --verbose \
    --include="$(grep -v '^#' "$here/packages.txt" | tr '\n' ',')" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook="'$here/customize.sh' \"\$1\" '$here/requirements.lock'" \
    bookworm "$fresh" ${FORGE_DEBIAN_MIRROR:+"$FORGE_DEBIAN_MIRROR"} 2>&1 |
    tee "$log" | grep --line-buffered '^forge: ' | sed -u 's/^forge: /      /' || failed
  echo "[2/3] trying it"
  chroot "$fresh" python3 -c 'import numpy, pandas, sklearn, matplotlib.pyplot' >> "$log" 2>&1 || failed
  put_in_place
  echo "[3/3] removing those before that no sandbox uses"
}

# Those before, and what an interrupted build left. A sandbox that runs goes on with the root that it was started with,
# which goes at the first build.sh after its end.
remove_unused() {
  local old
  for old in "$out"/rootfs.*/; do
    old=${old%/}
    if [ -d "$old" ] && ! is_mounted "${old##*/}"; then remove_tree "$old"; fi
  done
}

# Processes may end meanwhile; a match counts all the same.
is_mounted() { grep -qsF -e "/$1 " -e "/$1/" /proc/[0-9]*/mountinfo; }

start=$SECONDS
remove_unused
if [ -d "$out/rootfs" ] && [ "$(cat "$out/rootfs.stamp" 2> /dev/null)" = "$stamp" ]; then
  echo "sandbox image: up to date in $out/rootfs"
else
  echo "sandbox image: building $out/rootfs"
  build_rootfs
  remove_unused
  echo "sandbox image: done in $((SECONDS - start)) s, $(du -sm "$out/rootfs" | cut -f1) MB"
fi

if [ -n "$oci" ]; then
  if [ -e "$oci" ] && [ "$(cat "$oci.stamp" 2> /dev/null)" = "$stamp" ]; then
    echo "OCI archive: up to date in $oci"
  else
    echo "OCI archive: writing $oci"
    python3 "$here/oci_archive.py" "$out/rootfs" "$oci"
    echo "$stamp" > "$oci.stamp"
  fi
fi
