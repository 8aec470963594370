#!/bin/bash
# A Swift of one node: three storage servers and the proxy that speaks S3 on port 8080.
set -u
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
  swift-ring-builder "$kind.builder" create 4 1 1 >/dev/null
  swift-ring-builder "$kind.builder" add "r1z1-127.0.0.1:$port/sdb1" 1 >/dev/null
  swift-ring-builder "$kind.builder" rebalance >/dev/null
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
# The S3 access key is the account and the user, with a colon between.
echo "user_${ACCESS_KEY/:/_} = $SECRET_KEY .admin" >>proxy-server.conf

memcached -u root -d -l 127.0.0.1
for server in account container object proxy; do
  "swift-$server-server" "/etc/swift/$server-server.conf" >"/tmp/$server.log" 2>&1 &
done
for port in 11211 6200 6201 6202 8080; do
  for _ in $(seq 300); do (echo >/dev/tcp/127.0.0.1/$port) 2>/dev/null && break; sleep 0.1; done
done
echo READY
trap 'kill $(jobs -p); exit 0' TERM
wait
