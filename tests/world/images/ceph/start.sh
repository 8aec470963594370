#!/bin/bash
# A Ceph of one node in memory: a monitor, a manager, one object store and the S3 gateway on port 7480.
set -u
address=$(hostname -I | awk '{print $1}')
fsid=$(uuidgen)
mkdir -p /etc/ceph /var/lib/ceph/{mon/ceph-a,osd/ceph-0,mgr/ceph-x,radosgw/ceph-rgw.a} /run/ceph
cat >/etc/ceph/ceph.conf <<CONF
[global]
fsid=$fsid
mon_initial_members=a
mon_host=$address
auth_cluster_required=cephx
auth_service_required=cephx
auth_client_required=cephx
auth_allow_insecure_global_id_reclaim=false
keyring=/etc/ceph/keyring
osd_pool_default_size=1
osd_pool_default_min_size=1
mon_allow_pool_size_one=true
osd_crush_chooseleaf_type=0
osd_pool_default_pg_num=4
osd_pool_default_pgp_num=4
osd_pool_default_pg_autoscale_mode=off
mon_max_pg_per_osd=1000
mon_warn_on_pool_no_redundancy=false
osd_objectstore=memstore
memstore_device_bytes=${STORE_BYTES:-6442450944}
osd_memory_target=1073741824
mon_data_avail_crit=1
mon_data_avail_warn=2
[client.rgw.a]
rgw_frontends=beast port=7480
CONF

# radosgw insists on cephx, so everybody gets a key.
keyring=/etc/ceph/keyring
key() { ceph-authtool "$keyring" --gen-key -n "$@" >/dev/null; }
ceph-authtool -C "$keyring" --gen-key -n mon. --cap mon 'allow *' >/dev/null
key client.admin --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *'
key osd.0 --cap mon 'allow profile osd' --cap mgr 'allow profile osd' --cap osd 'allow *'
key mgr.x --cap mon 'allow profile mgr' --cap osd 'allow *'
key client.rgw.a --cap mon 'allow rw' --cap osd 'allow rwx'

monmaptool --create --addv a "[v2:$address:3300,v1:$address:6789]" --fsid "$fsid" /tmp/monmap >/dev/null
ceph-mon --mkfs -i a --monmap /tmp/monmap --keyring "$keyring" >/dev/null 2>&1
ceph-mon -i a 2>/dev/null
ceph-mgr -i x 2>/dev/null
osd=$(uuidgen)
ceph osd new "$osd" 0 >/dev/null 2>&1
ceph-osd -i 0 --mkfs --osd-uuid "$osd" >/dev/null 2>&1
ceph osd crush add osd.0 1.0 root=default host=h >/dev/null 2>&1
ceph-osd -i 0 >/dev/null 2>&1
for _ in $(seq 100); do ceph osd stat 2>/dev/null | grep -q '1 up' && break; sleep 0.2; done

radosgw -n client.rgw.a --log-file=/tmp/rgw.log
for _ in $(seq 300); do (echo >/dev/tcp/127.0.0.1/7480) 2>/dev/null && break; sleep 0.2; done
radosgw-admin user create --uid=test --display-name=test --access-key="$ACCESS_KEY" --secret="$SECRET_KEY" >/dev/null 2>&1
echo READY
sleep infinity &
trap 'exit 0' TERM
wait
