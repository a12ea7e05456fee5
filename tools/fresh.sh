#!/bin/bash
# ./dev fresh: makes a bare Debian 12, and does there what the README says, from a clean clone of HEAD.
#
#   fresh.sh [up|test|all] [--keep]      all unless named; --keep leaves the machine's root for looking into
#
# The bare machine is a root file system with mounts, processes, cgroups and a host name of its own; it shares the network
# and the kernel. What the host says about its package mirror, package indexes and certificates is carried into it.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
# shellcheck source=tools/dev_lib.sh
. tools/dev_lib.sh

what=all keep=
for argument in "$@"; do
  case $argument in
    up | test | all) what=$argument ;;
    --keep) keep=1 ;;
    *) die "fresh takes up, test or all, and --keep" ;;
  esac
done
[ "$(id -u)" = 0 ] || die "fresh makes and enters a root file system: run it as root (sudo ./dev fresh)"
port=${PORT:-5077}

# As the folders above it are searched by the sandboxes' users, not below /tmp or a home.
base=$(mktemp -d "${FORGE_FRESH_DIR:-/var/tmp}/forge-fresh-XXXXXX")
chmod 755 "$base"
machine=$base/root
log=$base/log
mkdir "$log"
init_pid=

cleanup() {
  local status=$?
  trap - EXIT
  # The first process of a PID namespace takes all others with it, and the mount namespace goes with the last.
  if [ -n "$init_pid" ]; then
    kill -KILL "$init_pid" 2> /dev/null || true
    wait 2> /dev/null || true
  fi
  remove_cgroups
  if [ -n "$keep" ] || [ "$status" != 0 ]; then
    echo "the machine's root and logs are in $base"
  else
    rm -rf --one-file-system "$base"
  fi
  exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# Those of the machine and of the containers in it, which are all below.
remove_cgroups() {
  local dir
  find /sys/fs/cgroup -mindepth 1 -maxdepth 2 -type d -name "$(basename "$base")" 2> /dev/null |
    while IFS= read -r dir; do find "$dir" -depth -type d -exec rmdir {} + 2> /dev/null || true; done
}

make_machine() {
  run_logged_in "$log" debian "making a bare Debian 12" mmdebstrap --mode=root --variant=minbase \
    --include=git,ca-certificates bookworm "$machine" ${FORGE_DEBIAN_MIRROR:+"$FORGE_DEBIAN_MIRROR"}
}

run_logged_in() {
  local log_file=$1/$2.log title=$3 start=$SECONDS
  shift 3
  printf '  %s …' "$title"
  "$@" > "$log_file" 2>&1 < /dev/null || { echo " failed" && tail -n 30 "$log_file" && die "$title failed: $log_file"; }
  printf ' %s s\n' $((SECONDS - start))
}

# Of the host: how apt, pip and npm reach their packages, and whom they trust.
carry_settings() {
  local file
  for file in /etc/pip.conf /etc/npmrc /etc/resolv.conf /etc/hosts; do
    if [ -e "$file" ]; then cp -L "$file" "$machine$file"; fi
  done
  if [ -e "$HOME/.npmrc" ]; then cp "$HOME/.npmrc" "$machine/root/.npmrc"; fi
  for file in /etc/apt/apt.conf.d/*; do
    if grep -qiE 'proxy|CaInfo|Verify' "$file"; then cp "$file" "$machine/etc/apt/apt.conf.d/"; fi
  done
  # The host's own authorities: those that Debian's package does not bring.
  mkdir -p "$machine/usr/local/share/ca-certificates"
  find /usr/local/share/ca-certificates -name '*.crt' -exec cp {} "$machine/usr/local/share/ca-certificates/" \; 2> /dev/null || true
  chroot "$machine" update-ca-certificates > "$log/certificates.log" 2>&1
  echo forge-fresh > "$machine/etc/hostname"
}

clone() {
  # A bundle: the machine gets what is committed, and nothing of this checkout's folders.
  git bundle create -q "$machine/root/forge.bundle" HEAD
  chroot "$machine" git clone -q /root/forge.bundle /root/pyruntime-forge > "$log/clone.log" 2>&1 ||
    { cat "$log/clone.log" && die "the clone failed"; }
  [ -z "$(git status --porcelain)" ] || echo "  note: what is not committed is not in the clone"
}

# Starts the machine: a process that mounts what a machine has, and waits. Sets init_pid.
start_machine() {
  unshare --mount --pid --uts --ipc --fork --kill-child --propagation private \
    bash "$root/tools/fresh_init.sh" "$machine" "$(basename "$base")" > "$log/init.log" 2>&1 &
  local outer=$!
  while [ ! -e "$machine/root/machine-is-ready" ]; do
    kill -0 "$outer" 2> /dev/null || { cat "$log/init.log" && die "the machine did not start"; }
    sleep 0.1
  done
  init_pid=$(pgrep -P "$outer")
}

environment=(HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 PORT="$port" CI=true)
if [ -d /usr/local/share/ca-certificates ]; then
  # Programs that bring authorities of their own are told to take the system's.
  bundle=/etc/ssl/certs/ca-certificates.crt
  environment+=("NODE_EXTRA_CA_CERTS=$bundle" "PIP_CERT=$bundle" "SSL_CERT_FILE=$bundle")
fi

# inside COMMAND…: in the machine, in the clone.
inside() {
  nsenter --target "$init_pid" --mount --pid --uts --ipc --root --wdns=/root/pyruntime-forge \
    env -i "${environment[@]}" "$@" < /dev/null
}

# As Ctrl-C does.
interrupt_server() { pkill -INT --ns "$init_pid" --nslist pid -x forge; }

prove_up() {
  local up answer start=$SECONDS
  echo "  ./dev up"
  inside ./dev up > "$log/up.log" 2>&1 &
  up=$!
  until python3 -c "import socket; socket.create_connection(('127.0.0.1', $port), 1)" 2> /dev/null; do
    kill -0 "$up" 2> /dev/null || { tail -n 40 "$log/up.log" && die "./dev up ended: $log/up.log"; }
    sleep 1
  done
  echo "  serving after $((SECONDS - start)) s; a client outside runs Python through it"
  answer=$(python3 tools/run_python.py "http://127.0.0.1:$port" fresh \
    'import pandas; print("sum", pandas.Series([1, 2]).sum()); print("Hello,", input("Name? "))' Ada)
  printf '    %s\n' "${answer//$'\n'/$'\n    '}"
  [ "$answer" = $'sum 3\nName? Hello, Ada' ] || die "the client got something else than sum 3 and Hello, Ada"
  interrupt_server
  wait "$up" || die "./dev up did not end cleanly on Ctrl-C: $log/up.log"
  inside ./dev down > "$log/down.log" 2>&1 || { cat "$log/down.log" && die "./dev down failed"; }
  echo "  it ended cleanly; ./dev down did too"
}

prove_second_up() {
  local start up
  start=$(date +%s%N)
  inside ./dev up > "$log/up2.log" 2>&1 &
  up=$!
  until python3 -c "import socket; socket.create_connection(('127.0.0.1', $port), 1)" 2> /dev/null; do
    kill -0 "$up" 2> /dev/null || { cat "$log/up2.log" && die "the second ./dev up ended"; }
    sleep 0.05
  done
  echo "  the second ./dev up served after $((($(date +%s%N) - start) / 1000000)) ms"
  interrupt_server
  wait "$up" || die "the second ./dev up did not end cleanly"
}

prove_test() {
  local start=$SECONDS
  echo "  ./dev test"
  inside ./dev test > "$log/test.log" 2>&1 || { tail -n 60 "$log/test.log" && die "./dev test failed: $log/test.log"; }
  tail -n 12 "$log/test.log" | sed 's/^/    /'
  echo "  ./dev test ended well after $((SECONDS - start)) s"
}

step 1 3 "a bare machine"
make_machine
carry_settings
clone
start_machine
step 2 3 "the README's first command"
if [ "$what" != test ]; then
  prove_up
  prove_second_up
fi
step 3 3 "the README's second command"
if [ "$what" != up ]; then prove_test; fi
echo "fresh: all of it works on a bare Debian 12"
