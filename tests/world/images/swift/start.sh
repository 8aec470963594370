#!/bin/bash
# A Swift of one node: three storage servers and the proxy that speaks S3 on port 8080.
set -u
# The S3 access key is the account and the user, with a colon between.
echo "user_${ACCESS_KEY/:/_} = $SECRET_KEY .admin" >>/etc/swift/proxy-server.conf

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
