#!/bin/bash
# ./dev check: every rule that a program can hold. Runs all of them, then names those that failed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
root=$PWD
# shellcheck source=tools/dev_lib.sh
. tools/dev_lib.sh
all=${1-}
case $all in '' | --all) ;; *) die "./dev check takes --all or nothing" ;; esac

sources() { git ls-files -z --cached --others --exclude-standard "$@"; }

scripts() {
  { sources '*.sh' && sources | while IFS= read -r -d '' name; do
    case $name in *.*) continue ;; esac
    if [ -f "$name" ] && head -c 32 "$name" | head -n 1 | grep -qE '^#!.*\b(ba)?sh\b'; then printf '%s\0' "$name"; fi
  done; } | sort -zu
}

check_format() { sources 'src/*.h' 'src/*.cpp' 'cmake/*.h' 'tests/*.cpp' 'tests/*.h' | xargs -0r clang-format-14 --dry-run --Werror; }

check_tidy() {
  export_ccache
  if [ ! -e build/tidy/build.ninja ]; then
    run_logged configure-tidy "configuring for clang-tidy" cmake --preset tidy || return 1
  fi
  ninja -C build/tidy forge_wire_messages > build/tidy/build.log 2>&1 || { tail -n 30 build/tidy/build.log; return 1; }
  tools/tidy.sh ${all:+"$all"}
}

check_layers() { python3 tools/check_layers.py; }
check_coroutines() { python3 tools/check_coroutines.py; }
check_sizes() { python3 tools/check_sizes.py; }
check_words() { python3 tools/check_words.py; }
check_shell() { scripts | xargs -0 shellcheck -x -P SCRIPTDIR; }

check_python() {
  python_venv build/venv-check tools/requirements.txt || return 1
  build/venv-check/bin/ruff check --quiet --config tools/ruff.toml . &&
    build/venv-check/bin/ruff format --quiet --config tools/ruff.toml --diff tools
}

check_typescript() {
  npm_install web && npm --prefix web run --silent check || return 1
  if [ -e tests/tsconfig.json ]; then npm_install tests && tests/node_modules/.bin/tsc --noEmit -p tests; fi
}

check_itself() { python3 -B -m unittest discover -s tools/tests -p '*_test.py' 2>&1 | tail -n 30; }

failed=() passed=0
for name in format layers coroutines sizes words shell python typescript itself tidy; do
  start=$SECONDS
  if output=$( (set -o pipefail; "check_$name") 2>&1); then
    passed=$((passed + 1))
    printf 'ok      %-11s %3s s\n' "$name" $((SECONDS - start))
  else
    failed+=("$name")
    printf 'FAILED  %-11s %3s s\n%s\n' "$name" $((SECONDS - start)) "$output"
  fi
done
echo "check: $passed passed, ${#failed[@]} failed${failed[*]:+: ${failed[*]}}"
[ "${#failed[@]}" = 0 ]
