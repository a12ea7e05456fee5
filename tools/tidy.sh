#!/bin/bash
# clang-tidy over what changed: tidy.sh [--all]
#
# What changed is what differs from FORGE_CHECK_BASE: main where this is another branch, else the commit before. A header's
# change lints the source and the test beside it. Compiles without precompiled headers, which clang cannot share with gcc.
set -euo pipefail
cd "$(dirname "$0")/.."
files_max=${FORGE_TIDY_FILES_MAX:-24}

base() {
  if [ -n "${FORGE_CHECK_BASE-}" ]; then
    git rev-parse --verify --quiet "$FORGE_CHECK_BASE^{commit}"
  elif [ "$(git rev-parse --verify --quiet main)" != "$(git rev-parse HEAD)" ] &&
    git merge-base main HEAD 2> /dev/null; then
    :
  else
    git rev-parse --verify --quiet HEAD~1
  fi
}

all_sources() { git ls-files --cached --others --exclude-standard 'src/*.cpp' | sort -u; }

changed_sources() {
  local from name
  if ! from=$(base); then
    all_sources
    return
  fi
  { git diff --name-only "$from" -- src && git ls-files --others --exclude-standard src; } | sort -u |
    while IFS= read -r name; do
      case $name in
        *.cpp) echo "$name" ;;
        *.h) printf '%s\n' "${name%.h}.cpp" "${name%.h}_test.cpp" ;;
      esac
    done | sort -u
}

if [ "${1-}" = --all ]; then
  files_max=100000
  mapfile -t names < <(all_sources)
else
  mapfile -t names < <(changed_sources)
fi

files=()
for name in "${names[@]}"; do
  if [ -e "$name" ] && grep -qF "/$name\"" build/tidy/compile_commands.json; then files+=("$name"); fi
done
if [ "${#files[@]}" = 0 ]; then
  echo "tidy: no C++ source changed"
  exit 0
fi
if [ "${#files[@]}" -gt "$files_max" ]; then
  # Another choice for each commit, the same one for the same commit.
  mapfile -t files < <(for name in "${files[@]}"; do echo "$(sha1sum <<< "$(git rev-parse HEAD)$name") $name"; done |
    sort | head -n "$files_max" | awk '{print $3}')
fi

log=build/tidy/findings.log
: > "$log"
echo "tidy: ${#files[@]} files of ${#names[@]}"
status=0
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" clang-tidy-16 -p build/tidy --quiet \
  --extra-arg=-Wno-unknown-warning-option >> "$log" 2> build/tidy/stderr.log || status=$?
if [ "$status" != 0 ]; then
  grep -vE '^[0-9]+ warnings? ' "$log" || cat build/tidy/stderr.log
  exit 1
fi
