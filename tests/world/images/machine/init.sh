#!/bin/bash
# The first process of a container that plays a server. What tells one server from another is its own: machine-id, SSH host
# keys, boot_id, uptime, and the Docker engine with its disk.
set -u

# A time namespace, so that the uptime starts at FAKE_UP seconds and not at this machine's. (Kernels before 5.6 have none.)
if [ -z "${IN_TIME_NAMESPACE:-}" ] && unshare --time true 2>/dev/null; then
  up=$(cut -d. -f1 /proc/uptime)
  IN_TIME_NAMESPACE=1 unshare --time --boottime=$((${FAKE_UP:-0} - up)) --monotonic=0 --fork --mount --mount-proc=/proc "$0" &
  trap 'kill -TERM $(cat /run/init.pid)' TERM # unshare itself passes no signals on
  wait
  wait
  exit
fi
echo $$ >/run/init.pid

[ -s /etc/machine-id ] || tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
ls /etc/ssh/ssh_host_*_key >/dev/null 2>&1 || ssh-keygen -A >/dev/null
cat /proc/sys/kernel/random/uuid >/run/boot_id
mount --bind /run/boot_id /proc/sys/kernel/random/boot_id

# The inner engine makes control groups of its own.
mount -o remount,rw /sys/fs/cgroup 2>/dev/null
for group in /sys/fs/cgroup/*; do mountpoint -q "$group" && mount -o remount,rw,bind "$group" 2>/dev/null; done

mkdir -p /run/sshd /root/.ssh
[ -f /authorized_keys ] && install -m 600 /authorized_keys /root/.ssh/authorized_keys
/usr/sbin/sshd -e -D >/var/log/sshd.log 2>&1 &

rm -f /var/run/docker.pid
dockerd >/var/log/dockerd.log 2>&1 &
for _ in $(seq 200); do docker info >/dev/null 2>&1 && break; sleep 0.1; done
echo MACHINE READY

# Ends in order when it is stopped, so that the inner engine's files are whole.
trap 'kill $(jobs -p); wait; exit 0' TERM
wait
