# shellcheck shell=bash
# ./dev test: the suites, what each needs, and how its runner's summary is counted. Sourced by ./dev.
# shellcheck disable=SC2154 # root is from ./dev

all_suites=(tools unit tsan web contract e2e programs)
results=build/test

# Threads share data in these; the rest is single-threaded or is tested through them.
threaded='forge_(socketio|gateway|execution|server|sandbox|accounts)[a-z_]*_test'

run_suites() {
  local suite names=("$@") failed_suites=() passed=0 failed=0 counts table=()
  [ $# -gt 0 ] || names=("${all_suites[@]}")
  for suite in "${names[@]}"; do
    [[ " ${all_suites[*]} " == *" $suite "* ]] || die "no suite $suite; there are: ${all_suites[*]}"
  done
  rm -rf "$results"
  mkdir -p "$results"
  choose_data_dir
  for suite in "${names[@]}"; do
    run_suite "$suite"
    [ "$suite_failed" = 0 ] || failed_suites+=("$suite")
    counts=$(cat "$results/$suite.counts")
    passed=$((passed + ${counts% *})) failed=$((failed + ${counts#* }))
    table+=("$(printf '%-10s %5s passed %5s failed   %4s s' "$suite" "${counts% *}" "${counts#* }" "$suite_seconds")")
  done
  echo
  echo "The runners' own words:"
  for suite in "${names[@]}"; do sed "s/^/  $suite: /" "$results/$suite.summary"; done
  echo
  printf '%s\n' "${table[@]}"
  [ "${#failed_suites[@]}" = 0 ] || echo "failed: ${failed_suites[*]} (logs: $results)"
  echo "$passed passed, $failed failed"
  [ "${#failed_suites[@]}" = 0 ]
}

# Writes SUITE.summary and SUITE.counts. A suite fails with its runner, where a test failed, and where no test ran.
run_suite() {
  local suite=$1 start=$SECONDS status passed failed
  echo
  echo "== $suite"
  # In a shell of its own: what a suite exports, or a step of it that dies, ends with it.
  set +e
  (
    set -e
    "prepare_$suite"
    touch "$results/$suite.prepared"
    "suite_$suite"
  ) < /dev/null 2>&1 | tee "$results/$suite.log"
  status=${PIPESTATUS[0]}
  set -e
  suite_seconds=$((SECONDS - start))
  summary_of "$suite" > "$results/$suite.summary" || true
  read -r passed failed < <(count "$suite")
  if [ "$status" != 0 ] && [ "$failed" = 0 ]; then failed=1; fi
  if [ ! -e "$results/$suite.prepared" ]; then
    echo "could not be prepared: see $results/$suite.log" > "$results/$suite.summary"
  elif [ "$passed" = 0 ] && [ "$failed" = 0 ]; then
    echo "no test ran" | tee "$results/$suite.summary"
    failed=1
  fi
  echo "$passed $failed" > "$results/$suite.counts"
  suite_failed=$failed
}

plain() { sed -E 's/\x1b\[[0-9;]*[A-Za-z]//g' "$results/$1.log"; }

# The lines of the log that are the runner's summary.
summary_of() {
  case $1 in
    tools) plain "$1" | grep -E '^(Ran [0-9]+ tests?|OK|FAILED)' ;;
    unit | tsan) plain "$1" | grep -E '^[0-9]+% tests passed|^[0-9]+ cases passed' ;;
    web) plain "$1" | grep -E '^ *(Test Files|Tests) ' ;;
    *) plain "$1" | grep -E '^[0-9]+ passed, [0-9]+ failed$' | tail -n 1 ;;
  esac
}

# "PASSED FAILED" from the summary; "0 0" where there is none.
count() {
  local summary
  summary=$(cat "$results/$1.summary")
  case $1 in
    tools)
      awk '/^Ran/ {n = $2} /^FAILED/ {gsub(/[^0-9 ]+/, " "); for (i = 1; i <= NF; i++) f += $i} END {print n - f, f + 0}' \
        <<< "$summary"
      ;;
    web) awk '/Tests/ {for (i = 2; i <= NF; i++) {if ($i ~ /^passed/) p = $(i-1); if ($i ~ /^(failed|skipped|todo)/) f += $(i-1)}}
      END {print p + 0, f + 0}' <<< "$summary" ;;
    *) { echo "0 0" && sed -nE 's/^([0-9]+) (cases )?passed, ([0-9]+) failed$/\1 \3/p' <<< "$summary"; } | tail -n 1 ;;
  esac
}

prepare_tools() {
  need_packages check
  python_venv build/venv-check tools/requirements.txt
}

suite_tools() { python3 -B -m unittest discover -s tools/tests -p '*_test.py'; }

# The programs, the image, and where both are.
prepare_programs_and_image() {
  need_build_packages run unit test
  build release
  build_image
  export_programs
  export FORGE_TEST_ROOTFS=$FORGE_ROOTFS
}

prepare_unit() {
  prepare_programs_and_image
  build asan
}

suite_unit() { run_ctest asan; }

prepare_tsan() {
  local targets
  prepare_programs_and_image
  export_ccache
  [ -e build/tsan/build.ninja ] || run_logged configure-tsan "configuring the tsan build" cmake --preset tsan
  mapfile -t targets < <(ninja -C build/tsan -t targets all | sed -nE "s/^($threaded): phony$/\1/p")
  build tsan "${targets[@]}"
}

suite_tsan() { run_ctest tsan -R "^${threaded%_test}$"; }

# run_ctest PRESET [ARG…]: ctest counts programs, so their cases are counted from their reports. A skipped case is a failure.
run_ctest() {
  local preset=$1 status=0 reports=$root/$results/$1-cases
  shift
  mkdir -p "$reports"
  FORGE_LOCAL_TEST_DIR=$(mktemp -d /var/tmp/forge-local-XXXXXX)
  chmod 755 "$FORGE_LOCAL_TEST_DIR"
  export FORGE_LOCAL_TEST_DIR
  trap end_left_sandboxes EXIT # of this suite's own shell, also when Ctrl-C ends it
  export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1
  export UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
  # Without address randomisation: gcc 12's ThreadSanitizer does not know the wide maps of newer kernels.
  GTEST_OUTPUT=xml:$reports/ without_randomisation ctest --test-dir "build/$preset" --output-on-failure --no-tests=error \
    -j "$(nproc)" "$@" || status=$?
  python3 tools/count_cases.py "$reports" || status=$?
  return "$status"
}

# Of a test program that was killed, which could not end them itself.
end_left_sandboxes() {
  local data
  for data in "$FORGE_LOCAL_TEST_DIR"/*/data*; do
    [ -d "$data" ] || continue
    FORGE_DATA_DIR=$data build/release/bin/forge down || true
    if [ -L "$data/sandboxes" ]; then rm -rf --one-file-system "$(readlink "$data/sandboxes")"; fi
  done
  rm -rf --one-file-system "$FORGE_LOCAL_TEST_DIR"
}

without_randomisation() {
  if setarch -R true 2> /dev/null; then setarch -R "$@"; else "$@"; fi
}

prepare_web() {
  need_build_packages
  npm_install web
}

suite_web() { NO_COLOR=1 npm --prefix web run --silent test; }

# The suites below are programs of their own: tests/SUITE/run. CONTRIBUTING.md says what they get and give.
prepare_outside() {
  [ -x "tests/$1/run" ] || die "suite missing: tests/$1/run"
  prepare_programs_and_image
  build_page
  if [ -e tests/package.json ]; then npm_install tests; fi
  if [ -e tests/requirements.txt ]; then python_venv build/venv-test tests/requirements.txt; fi
}

run_outside() {
  local status=0 name
  FORGE_TEST_DIR=$(mktemp -d "/tmp/forge-$1-XXXX")
  chmod 755 "$FORGE_TEST_DIR"
  # A person's settings are not the tests'.
  for name in $(compgen -e FORGE_) PORT MONGODB_URI KUBECONFIG_BASE64 FLASK_ENV; do
    case $name in FORGE_BIN | FORGE_ROOTFS | FORGE_AGENT | FORGE_IMAGE | FORGE_TEST_DIR) ;; *) unset "$name" ;; esac
  done
  export FORGE_TEST_DIR FORGE_PYTHON=$root/build/venv-test/bin/python
  "tests/$1/run" || status=$?
  if [ "$status" = 0 ] || [ -n "${CI-}" ]; then
    rm -rf --one-file-system "$FORGE_TEST_DIR" || echo "could not remove $FORGE_TEST_DIR"
  else
    echo "what the suite left is in $FORGE_TEST_DIR"
  fi
  return "$status"
}

prepare_contract() { prepare_outside contract; }
suite_contract() { run_outside contract; }
prepare_e2e() { prepare_outside e2e; }
suite_e2e() { run_outside e2e; }
prepare_programs() { prepare_outside programs; }
suite_programs() { run_outside programs; }
