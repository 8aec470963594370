#!/bin/bash
# Boots the server: what tells one from another is its own. On the disk: machine-id, SSH host keys, instance-id, the Docker
# engine's id. In the hardware: DMI uuid and serial. With every boot: boot_id and the time it came up.
set -u
umount -l /.image

disk=$(findmnt -no SOURCE /)
[ -b "$disk" ] || mknod "$disk" b $(mountpoint -d / | tr : ' ') # findmnt and blkid look there for the UUID

# sysfs takes no new files, so the hardware's names are laid over it.
mkdir -p /run/hardware
mount -t tmpfs tmpfs /run/hardware
mkdir -p /run/hardware/class/dmi/id /run/hardware/work
echo "${DMI_UUID:-}" >/run/hardware/class/dmi/id/product_uuid
echo "${DMI_SERIAL:-}" >/run/hardware/class/dmi/id/product_serial
echo "Cloud VPS" >/run/hardware/class/dmi/id/product_name
chmod 400 /run/hardware/class/dmi/id/product_{uuid,serial}
mount -t overlay overlay -o lowerdir=/sys/class,upperdir=/run/hardware/class,workdir=/run/hardware/work /sys/class

# Written by the first boot of a fresh installation.
[ -s /etc/machine-id ] || tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
ls /etc/ssh/ssh_host_*_key >/dev/null 2>&1 || ssh-keygen -A >/dev/null
mkdir -p /var/lib/cloud/data
[ -s /var/lib/cloud/data/instance-id ] || echo "i-${DMI_SERIAL:-}-$(head -c 4 /etc/machine-id)" >/var/lib/cloud/data/instance-id
mkdir -p /root/.ssh
[ -e /root/.ssh/authorized_keys ] || (umask 077 && echo "${AUTHORIZED_KEY:-}" >/root/.ssh/authorized_keys)

cat /proc/sys/kernel/random/uuid >/run/boot_id
mount --bind /run/boot_id /proc/sys/kernel/random/boot_id

# The inner engine makes control groups of its own.
mount -o remount,rw /sys/fs/cgroup 2>/dev/null
for group in /sys/fs/cgroup/*; do mountpoint -q "$group" && mount -o remount,rw,bind "$group" 2>/dev/null; done

mkdir -p /run/sshd
/usr/sbin/sshd -e -D >/var/log/sshd.log 2>&1 &
rm -f /run/docker.sock
dockerd >/var/log/dockerd.log 2>&1 &
until [ -S /run/docker.sock ] && docker version >/dev/null 2>&1; do sleep 0.1; done
echo MACHINE READY

# Ends in order when it is stopped, so that the inner engine's files are whole.
trap 'kill $(jobs -p); wait; exit 0' TERM
wait
