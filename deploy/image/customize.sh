#!/bin/bash
# Called by mmdebstrap when the packages are installed: customize.sh ROOT LOCK
set -euo pipefail
root=$1 lock=$2

say() { echo "forge: $*"; }

install_packages() {
  local build=$root/forge-build
  mkdir "$build"
  cp "$lock" "$build/requirements.lock"
  # The person who builds may have a package index and an authority of their own; the image keeps neither.
  cat "${PIP_CERT:-${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}}" > "$build/ca.crt" 2> /dev/null ||
    cp "$root/etc/ssl/certs/ca-certificates.crt" "$build/ca.crt"
  [ ! -e /etc/pip.conf ] || cp /etc/pip.conf "$build/pip.conf"
  env -u PIP_FIND_LINKS -u PIP_TARGET -u PIP_PREFIX -u PIP_REQUIRE_VIRTUALENV -u PYTHONPATH -u PYTHONHOME \
    -u SSL_CERT_DIR PIP_CERT=/forge-build/ca.crt REQUESTS_CA_BUNDLE=/forge-build/ca.crt PIP_CONFIG_FILE=/forge-build/pip.conf PIP_CACHE_DIR=/forge-build/cache \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/forge-build TMPDIR=/forge-build \
    chroot "$root" python3 -m pip install --no-cache-dir --no-compile --only-binary=:all: --no-deps \
    --root-user-action=ignore --require-hashes -r /forge-build/requirements.lock
  rm -rf "$build"
}

add_user() {
  echo 'user:x:1000:1000:user:/home/user:/bin/bash' >> "$root/etc/passwd"
  echo 'user:x:1000:' >> "$root/etc/group"
  echo 'user:*:19000:0:99999:7:::' >> "$root/etc/shadow"
  mkdir -p "$root/home/user"
  cp -a "$root/etc/skel/." "$root/home/user/"
  chown -R 1000:1000 "$root/home/user"
}

# The fonts that Matplotlib finds, listed ahead for new homes: the first import of pyplot need not search.
list_fonts() {
  chroot "$root" env HOME=/etc/skel XDG_CACHE_HOME=/etc/skel/.cache XDG_CONFIG_HOME=/etc/skel/.config \
    PYTHONDONTWRITEBYTECODE=1 python3 -c 'import matplotlib.font_manager'
  chmod -R a+rX "$root/etc/skel"
}

say "installing NumPy, pandas, scikit-learn and Matplotlib"
rm -f "$root"/usr/lib/python3*/EXTERNALLY-MANAGED
ln -s python3 "$root/usr/bin/python"
install_packages

say "compiling them"
# Dates first: compiled files name the date of their source.
find "$root/usr/local" -newermt "@$SOURCE_DATE_EPOCH" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
chroot "$root" python3 -m compileall -q -j 0 /usr/local/lib/python3.11 || true # some packages ship bad test inputs

say "adding the user and the places that are mounted over"
list_fonts
add_user
echo 'LANG=C.UTF-8' > "$root/etc/default/locale"
mkdir -p "$root"/.forge/{run,journal}
touch "$root/.forge/agent"
echo 'sandbox' > "$root/etc/hostname"
printf '127.0.0.1 localhost\n::1 localhost\n' > "$root/etc/hosts"
rm -f "$root/etc/resolv.conf"
touch "$root/etc/resolv.conf"
