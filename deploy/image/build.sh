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
fresh=$out/rootfs.new

failed() {
  echo "build.sh: this step failed; the end of $log:" >&2
  tail -n 15 "$log" >&2
  exit 1
}

# Nothing of the host is mounted below a tree that is removed, whatever ended an earlier build.
remove_tree() { rm -rf --one-file-system "$1"; }

build_rootfs() {
  echo "[1/3] Debian 12 and its Python, then the packages of requirements.lock (about a minute; details: $log)"
  remove_tree "$fresh"
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
  [ ! -e "$out/rootfs" ] || mv "$out/rootfs" "$out/rootfs.old.$$"
  mv "$fresh" "$out/rootfs"
  echo "$stamp" > "$out/rootfs.stamp"
  echo "[3/3] removing those before that no sandbox uses"
  remove_unused
}

# A sandbox that runs goes on with the root that it was started with.
remove_unused() {
  local old
  for old in "$out"/rootfs.old*; do
    if [ -d "$old" ] && ! cat /proc/[0-9]*/mountinfo 2> /dev/null | grep -qF "/${old##*/} "; then remove_tree "$old"; fi
  done
}

start=$SECONDS
if [ -d "$out/rootfs" ] && [ "$(cat "$out/rootfs.stamp" 2> /dev/null)" = "$stamp" ]; then
  echo "sandbox image: up to date in $out/rootfs"
else
  echo "sandbox image: building $out/rootfs"
  build_rootfs
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
