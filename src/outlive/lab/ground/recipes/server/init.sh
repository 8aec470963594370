#!/bin/bash
# The first process of a container that plays a server. /machine is its disk: it becomes the root file system, all but for
# /usr, which every server has from the image. Then boot.sh goes on inside.
set -u

# A time namespace, so that the uptime starts at FAKE_UP seconds and not at this machine's, and at zero with the next boot.
# (Kernels before 5.6 have none.)
if [ -z "${IN_NAMESPACE:-}" ]; then
  [ -e /.booted ] && FAKE_UP=0
  touch /.booted
  time=()
  if unshare --time true 2>/dev/null; then
    up=$(cut -d. -f1 /proc/uptime)
    time=(--time "--boottime=$((${FAKE_UP:-0} - up))" --monotonic=0)
  fi
  IN_NAMESPACE=1 unshare "${time[@]}" --fork --mount --mount-proc=/proc "$0" &
  trap 'kill -TERM $(cat /run/server.pid)' TERM # unshare itself passes no signals on
  wait
  wait
  exit
fi
echo $$ >/run/server.pid

# An empty disk: the provider's image is written to it.
if [ ! -e /machine/etc ]; then
  cp -a /etc /var /root /home /srv /opt /mnt /machine/
  for name in bin sbin lib lib64; do ln -s usr/$name /machine/$name; done
  mkdir -p /machine/usr /machine/proc /machine/sys /machine/dev /machine/run /machine/tmp /machine/.image
  chmod 1777 /machine/tmp
fi
for name in usr proc sys dev; do mount --rbind /$name /machine/$name; done
mount -t tmpfs -o mode=755 tmpfs /machine/run
cat /etc/hostname >/machine/etc/hostname
cat /etc/hosts >/machine/etc/hosts
cat /etc/resolv.conf >/machine/etc/resolv.conf

cd /machine || exit
pivot_root . .image
exec chroot . /sbin/boot.sh
