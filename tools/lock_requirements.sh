#!/bin/bash
# Writes a locked list of Python packages from requirements.in beside it: lock_requirements.sh DIR [PYTHON_VERSION…]
#
# Names every package that is needed, with the hashes of its wheels for Linux on both architectures.
set -euo pipefail
dir=$1
shift
[ $# -gt 0 ] || set -- 3.11 3.12
reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
for version in "$@"; do
  for machine in x86_64 aarch64; do
    env -u PIP_FIND_LINKS python3 -m pip install --quiet --dry-run --ignore-installed --only-binary=:all: \
      --python-version "$version" --implementation cp --platform "manylinux_2_28_$machine" \
      --platform "manylinux_2_27_$machine" --platform "manylinux_2_17_$machine" --platform "manylinux2014_$machine" \
      --target "$reports/none" --report "$reports/$version-$machine.json" -r "$dir/requirements.in"
  done
done
python3 - "$reports" > "$dir/requirements.txt" << 'PYTHON'
import json
import sys
from pathlib import Path

hashes = {}
for path in Path(sys.argv[1]).glob("*.json"):
    for item in json.loads(path.read_text())["install"]:
        package = item["metadata"]["name"].lower().replace("_", "-") + "==" + item["metadata"]["version"]
        hashes.setdefault(package, set()).add(item["download_info"]["archive_info"]["hashes"]["sha256"])
print("# Made by tools/lock_requirements.sh from requirements.in; do not edit.")
for package in sorted(hashes):
    print(" \\\n    ".join([package] + ["--hash=sha256:" + digest for digest in sorted(hashes[package])]))
PYTHON
