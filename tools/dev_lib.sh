# shellcheck shell=bash
# What the commands of ./dev share. Sourced with the working directory at the checkout's root.

die() {
  echo "./dev: $*" >&2
  exit 1
}

step() { printf '[%s/%s] %s\n' "$@"; }

have_node() {
  local version
  version=$(node --version 2> /dev/null) || return 1
  version=${version#v}
  [ "${version%%.*}" -ge 18 ]
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo > /dev/null; then
    sudo "$@"
  else
    die "this step needs root, and there is no sudo: run as root: $*"
  fi
}

# What a machine says about its own package indexes and certificates, handed through sudo and chroot.
carried_environment=()
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY SSL_CERT_FILE PIP_CERT PIP_INDEX_URL \
  PIP_EXTRA_INDEX_URL PIP_TRUSTED_HOST NODE_EXTRA_CA_CERTS NPM_CONFIG_REGISTRY npm_config_registry FORGE_DEBIAN_MIRROR CI; do
  if [ -n "${!name-}" ]; then carried_environment+=("$name=${!name}"); fi
done

log_dir() {
  local dir=${FORGE_DATA_DIR:-$root/build}/log
  mkdir -p "$dir"
  echo "$dir"
}

# run_logged NAME TITLE COMMAND…: quiet unless it fails; then the end of its log. A terminal sees how far it is.
run_logged() {
  local log title=$2 name=$1 start=$SECONDS job status=0
  log=$(log_dir)/$name.log
  shift 2
  printf '  %s …' "$title"
  "$@" > "$log" 2>&1 < /dev/null &
  job=$!
  # What a script starts in the background does not hear Ctrl-C.
  trap 'kill "$job" 2> /dev/null; exit 130' INT TERM
  if [ -t 1 ]; then
    while kill -0 "$job" 2> /dev/null; do
      printf '\r  %s … %s s%s ' "$title" $((SECONDS - start)) "$(how_far "$name" "$log")"
      sleep 0.2
    done
    printf '\r  %s …' "$title"
  fi
  wait "$job" || status=$?
  trap - INT TERM
  if [ "$status" = 0 ]; then
    printf ' %s s             \n' $((SECONDS - start))
  else
    printf ' failed            \n' >&2
    show_log "$log" >&2
    die "$title failed; all of it is in $log"
  fi
}

show_log() {
  if [ "$(wc -l < "$1")" -le 50 ]; then cat "$1"; else head -n 12 "$1" && echo "   …" && tail -n 35 "$1"; fi
}

# Of steps whose log tells: ", 120/400".
how_far() {
  case $1 in
    apt-install)
      awk '/ newly installed/ {total = 2 * $3} /^(Unpacking|Setting up) / {done++} END {if (total) printf ", %d/%d", done / 2, total / 2}' "$2"
      ;;
  esac
}

# The packages of a group of tools/packages.txt; `node` is for machines without a Node of their own.
group_packages() {
  if [ "$1" = node ]; then
    printf 'nodejs\nnpm\n'
  else
    sed -n "/^\[$1\]/,/^\[/{/^[a-z]/p}" tools/packages.txt
  fi
}

# Those of the groups of which no alternative is installed.
missing_packages() {
  local group wanted installed entry
  wanted=$(for group in "$@"; do group_packages "$group"; done)
  # shellcheck disable=SC2046 # one word a package
  installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' $(tr '|' ' ' <<< "$wanted") 2> /dev/null |
    sed -n 's/ installed$//p') || true
  for entry in $wanted; do
    grep -qxF "$(tr '|' '\n' <<< "$entry")" <<< "$installed" || echo "$entry"
  done
}

# Of alternatives, the first that this system's apt can install.
choose_alternative() {
  local name
  for name in ${1//|/ }; do
    if [ -n "$(apt-cache madison "$name" 2> /dev/null)" ]; then
      echo "$name"
      return
    fi
  done
  die "apt knows none of: ${1//|/, }. Debian 12 and Ubuntu 24.04 have them"
}

summary_of_packages() {
  if [ $# -le 6 ]; then echo "$*"; else echo "$# packages: ${*:1:4} and more"; fi
}

# need_packages GROUP…: installs what is missing of these groups, and asks apt nothing where nothing is.
need_packages() {
  local missing entry chosen=() name
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  command -v apt-get > /dev/null || die "these are missing, and there is no apt-get here: ${missing//$'\n'/ }"
  run_logged apt-update "reading the lists of packages" as_root env DEBIAN_FRONTEND=noninteractive apt-get update
  for entry in $missing; do
    name=$(choose_alternative "$entry")
    chosen+=("$name")
  done
  run_logged apt-install "installing $(summary_of_packages "${chosen[@]}")" \
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${chosen[@]}"
}

# Every folder above this one lets others search it: a sandbox's user must get to its files.
reachable_by_all() {
  local dir=$1
  while [ "$dir" != / ]; do
    case $(stat -c %a "$dir") in *[1357]) ;; *) return 1 ;; esac
    dir=$(dirname "$dir")
  done
}

# Sets FORGE_DATA_DIR: the environment's, else .env's, else var/ (or what it leads to).
choose_data_dir() {
  local given
  if [ -z "${FORGE_DATA_DIR-}" ] && [ -e .env ]; then
    given=$(sed -nE 's/^(export[[:space:]]+)?FORGE_DATA_DIR=["'\'']?([^"'\'']*)["'\'']?[[:space:]]*$/\2/p' .env | tail -n 1)
    FORGE_DATA_DIR=$given
  fi
  if [ -z "${FORGE_DATA_DIR-}" ]; then
    if [ ! -e var ] && ! reachable_by_all "$root"; then
      given=/var/lib/pyruntime-forge/$(sha256sum <<< "$root" | cut -c1-12)
      echo "other users may not search the folders above $root; data goes to $given (var leads there)"
      as_root install -d -m 755 -o "$(id -u)" -g "$(id -g)" "$given"
      ln -sfn "$given" var
    fi
    mkdir -p var
    FORGE_DATA_DIR=$(readlink -f var)
  fi
  mkdir -p "$FORGE_DATA_DIR"
  FORGE_DATA_DIR=$(readlink -f "$FORGE_DATA_DIR")
  export FORGE_DATA_DIR
}

# Where suites and the benchmark find the programs and the image; `forge` reads the last two itself.
export_programs() {
  export FORGE_BIN=$root/build/release/bin FORGE_ROOTFS=$FORGE_DATA_DIR/image/rootfs
  export FORGE_AGENT=$FORGE_BIN/forge-agent FORGE_IMAGE=$FORGE_ROOTFS
}

# hash_of DIR [FIND_EXPRESSION…]: of names and contents of the files below.
hash_of() {
  find "$@" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
}

image_stamp() { echo "$FORGE_IMAGE_DIR $(hash_of deploy/image)"; }

# Not while build.sh has a root to remove that sandboxes went on with.
image_is_current() {
  [ -d "$FORGE_IMAGE_DIR/rootfs" ] && ! compgen -G "$FORGE_IMAGE_DIR/rootfs.*/" > /dev/null && [ "$(cat build/image.stamp 2> /dev/null)" = "$(image_stamp)" ]
}

# npm_install DIR: by its lock file, where it or package.json changed.
npm_install() {
  local wanted
  wanted=$(cat "$1/package.json" "$1/package-lock.json" <(node --version) | sha256sum | cut -d' ' -f1)
  if [ -d "$1/node_modules" ] && [ "$(cat "$1/node_modules/.stamp" 2> /dev/null)" = "$wanted" ]; then return; fi
  run_logged "npm-${1//\//-}" "installing the packages of $1/package-lock.json" npm --prefix "$1" ci --no-audit --no-fund
  echo "$wanted" > "$1/node_modules/.stamp"
}

# python_venv DIR REQUIREMENTS: a virtual environment with exactly these.
python_venv() {
  local wanted
  wanted=$(sha256sum < "$2")
  if [ -x "$1/bin/python" ] && [ "$(cat "$1/.stamp" 2> /dev/null)" = "$wanted" ]; then return; fi
  rm -rf "$1"
  run_logged "venv-$(basename "$1")" "making $1" /usr/bin/python3 -m venv "$1"
  run_logged "pip-$(basename "$1")" "installing $2" \
    env -u PIP_FIND_LINKS "$1/bin/pip" install --disable-pip-version-check --no-deps --require-hashes -r "$2"
  echo "$wanted" > "$1/.stamp"
}

export_ccache() {
  export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime CCACHE_BASEDIR=$root
}

# run_ninja PRESET [TARGET…]: one line of progress on a terminal, a line a minute elsewhere, and errors as they are.
run_ninja() {
  local preset=$1 log status=0
  shift
  log=$(log_dir)/build-$preset.log
  NINJA_STATUS='[%f/%t] ' ninja -C "build/$preset" "$@" 2>&1 < /dev/null | tee "$log" | show_ninja "$preset" || status=$?
  if [ "$status" != 0 ]; then
    grep -vE '^\[[0-9]+/[0-9]+\] ' "$log" | head -n 60 >&2
    die "the $preset build failed; all of it is in $log"
  fi
}

show_ninja() {
  local line last=$SECONDS shown=
  while IFS= read -r line; do
    if [[ $line =~ ^\[([0-9]+/[0-9]+)\] ]]; then
      if [ -t 1 ]; then
        printf '\r  building %s … %s' "$1" "${BASH_REMATCH[1]}"
        shown=1
      elif [ $((SECONDS - last)) -ge 30 ]; then
        printf '  building %s … %s\n' "$1" "${BASH_REMATCH[1]}"
        last=$SECONDS
      fi
    fi
  done
  if [ -n "$shown" ]; then echo; fi
}
