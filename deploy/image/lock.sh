#!/bin/bash
# Writes requirements.lock from requirements.in: every package, with the hashes of its wheels for the image's Python on
# both architectures. Run it to take newer versions; needs python3 with pip 22.2 or newer.
set -euo pipefail
cd "$(dirname "$0")"

report() {
  python3 -m pip install --quiet --dry-run --ignore-installed --only-binary=:all: --python-version 3.11 \
    --implementation cp --platform "manylinux_2_28_$1" --platform "manylinux_2_27_$1" --platform "manylinux_2_17_$1" \
    --platform "manylinux2014_$1" --target /nonexistent --report - -r requirements.in
}

report x86_64 > /tmp/forge-lock.$$.x86_64
report aarch64 > /tmp/forge-lock.$$.aarch64
trap 'rm -f /tmp/forge-lock.$$.*' EXIT
python3 - /tmp/forge-lock.$$.x86_64 /tmp/forge-lock.$$.aarch64 > requirements.lock <<'PYTHON'
import json, sys

hashes = {}
for name in sys.argv[1:]:
    with open(name) as file:
        for item in json.load(file)["install"]:
            package = item["metadata"]["name"].lower().replace("_", "-") + "==" + item["metadata"]["version"]
            hashes.setdefault(package, set()).add(item["download_info"]["archive_info"]["hashes"]["sha256"])
print("# Made by lock.sh from requirements.in; do not edit.")
for package in sorted(hashes):
    print(" \\\n    ".join([package] + ["--hash=sha256:" + digest for digest in sorted(hashes[package])]))
PYTHON
