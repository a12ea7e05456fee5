#!/bin/bash
# The first process of ./dev fresh's machine: fresh_init.sh ROOT NAME. Mounts what a machine has, then reaps until it is killed.
set -euo pipefail
root=$1 name=$2 stage=${3-cgroups}

# FSTYPE DIR OPTIONS of each cgroup hierarchy of the host.
hierarchies() { awk '$3 ~ /^cgroup2?$/ && !seen[$2]++ {print $3, $2, $4}' /proc/mounts; }

# In cgroups of its own, which a cgroup namespace then shows as the top: what the machine makes there can be told apart.
enter_cgroups() {
  local kind dir file
  while read -r kind dir _; do
    mkdir -p "$dir/$name"
    for file in cpuset.cpus cpuset.mems; do
      if [ "$kind" = cgroup ] && [ -e "$dir/$name/$file" ]; then cat "$dir/$file" > "$dir/$name/$file"; fi
    done
    echo $$ > "$dir/$name/cgroup.procs"
  done < <(hierarchies)
  exec unshare --cgroup bash "$0" "$root" "$name" mounts
}

mount_cgroups() {
  local kind dir options wanted list
  list=$(hierarchies)
  mkdir -p "$root/sys/fs/cgroup"
  if ! grep -q '^cgroup2 /sys/fs/cgroup ' <<< "$list"; then mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup"; fi
  while read -r kind dir options; do
    mkdir -p "$root$dir"
    if [ "$kind" = cgroup2 ]; then
      mount -t cgroup2 cgroup2 "$root$dir"
      # On v2 only leaves may hold processes.
      mkdir -p "$root$dir/init"
      echo $$ > "$root$dir/init/cgroup.procs"
    else
      wanted=$(tr ',' '\n' <<< "$options" | grep -vE '^(rw|ro|nosuid|nodev|noexec|relatime|xattr|release_agent=.*)$' | paste -sd,)
      if [[ $wanted == name=* ]]; then wanted=none,$wanted; fi
      mount -t cgroup -o "$wanted" cgroup "$root$dir"
    fi
  done <<< "$list"
}

if [ "$stage" = cgroups ]; then enter_cgroups; fi

mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t sysfs sysfs "$root/sys"
mount_cgroups
mount -t tmpfs -o mode=755 tmpfs "$root/run"
hostname "$name"

cd "$root"
pivot_root . mnt
umount -l /mnt
touch /root/machine-is-ready
# bash reaps orphans as they end.
exec bash -c 'while :; do sleep 3600 & wait $! || true; done'
