#!/bin/bash
# Once, while the image is built: the rings (each takes a second) and the configuration of the three storage servers.
set -eu
cd /etc/swift
disks=/srv/node
mkdir -p "$disks/sdb1" /var/cache/swift
chown -R swift:swift "$disks" /var/cache/swift
cat >swift.conf <<CONF
[swift-hash]
swift_hash_path_suffix = s
swift_hash_path_prefix = p
[storage-policy:0]
name = gold
default = yes
CONF

for pair in account:6202 container:6201 object:6200; do
  kind=${pair%:*} port=${pair#*:}
  swift-ring-builder "$kind.builder" create 4 1 1
  swift-ring-builder "$kind.builder" add "r1z1-127.0.0.1:$port/sdb1" 1
  swift-ring-builder "$kind.builder" rebalance
  cat >"$kind-server.conf" <<CONF
[DEFAULT]
devices = $disks
mount_check = false
bind_ip = 127.0.0.1
bind_port = $port
workers = 1
user = swift
log_level = WARNING
[pipeline:main]
pipeline = $kind-server
[app:$kind-server]
use = egg:swift#$kind
[$kind-replicator]
[$kind-updater]
[$kind-auditor]
CONF
done
