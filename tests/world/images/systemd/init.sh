#!/bin/bash
# What a container's first process must have put right before systemd takes over: with a /sys that cannot be written udev
# does not start, and the devices of fstab are ignored.
mount -o remount,rw /sys
mount -o remount,rw /sys/fs/cgroup 2>/dev/null
for group in /sys/fs/cgroup/*; do mountpoint -q "$group" && mount -o remount,rw,bind "$group" 2>/dev/null; done
# systemd listens to udev only where /dev is a devtmpfs, which would be that of the tests' machine, or udev seems to run.
mkdir -p /run/udev && touch /run/udev/control
until [ -e /run/go ]; do sleep 0.05; done # until what is plugged in at this boot is there
exec /lib/systemd/systemd
