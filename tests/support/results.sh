# shellcheck shell=bash
# Runs a suite's runners and adds up their summaries. Sourced by tests/*/run; wants FORGE_BIN, FORGE_ROOTFS, FORGE_TEST_DIR.

passed=0 failed=0

need_given() {
  local name
  for name in FORGE_BIN FORGE_ROOTFS FORGE_TEST_DIR; do
    if [ -z "${!name-}" ]; then
      echo "$name must be set; ./dev test does it, CONTRIBUTING.md says how" >&2
      exit 2
    fi
  done
}

# run_node FILE…
run_node() {
  local file log=$FORGE_TEST_DIR/node.log status
  for file in "$@"; do
    status=0
    timeout -k 10 900 node --test --test-reporter=spec "$file" 2>&1 | tee "$log" || status=$?
    add "$(sed -nE 's/^[^a-z]*pass ([0-9]+)$/\1/p' "$log" | tail -n 1)" \
      "$(sed -nE 's/^[^a-z]*(fail|cancelled|skipped|todo) ([0-9]+)$/\2/p' "$log" | paste -sd+ | bc_sum)" "$status" "$file"
  done
}

# run_pytest FILE…
run_pytest() {
  local log=$FORGE_TEST_DIR/pytest.log status=0
  timeout -k 10 900 "${FORGE_PYTHON:-python3}" -B -m pytest -q -p no:cacheprovider "$@" 2>&1 | tee "$log" || status=$?
  add "$(sed -nE 's/^.*[^0-9]?([0-9]+) passed.*$/\1/p' "$log" | tail -n 1)" \
    "$(grep -oE '[0-9]+ (failed|errors?|skipped|xfailed)' "$log" | grep -oE '^[0-9]+' | paste -sd+ | bc_sum)" "$status" pytest
}

bc_sum() {
  local sum
  read -r sum || true
  echo $((${sum:-0}))
}

# add PASSED FAILED STATUS NAME: a runner that fails without naming a failed test counts as one.
add() {
  local p=${1:-0} f=${2:-0}
  if [ "$f" = 0 ] && { [ "$3" != 0 ] || [ "$p" = 0 ]; }; then
    echo "$4: ended with $3, $p passed"
    f=1
  fi
  passed=$((passed + p)) failed=$((failed + f))
}

# Ends what a test that was cut off left running.
end_all() {
  local dir
  for dir in "$FORGE_TEST_DIR"/data-*/; do
    [ -d "$dir" ] || continue
    (cd "$dir" && FORGE_DATA_DIR=$dir FORGE_IMAGE=$FORGE_ROOTFS "$FORGE_BIN/forge" down > /dev/null) || true
  done
}

summary() {
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}
