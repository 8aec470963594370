#!/bin/sh
# Puts into /bare: Postgres at Alpine's place (/usr/local), the libraries that it loads, and the few files those read.
set -eu
tree=/usr/lib/postgresql/17
mkdir -p /bare/etc /bare/usr/local /bare/usr/lib/locale /bare/usr/share/zoneinfo /bare/var/lib /bare/root
cp -a $tree/bin $tree/lib $tree/share /bare/usr/local/
cp /usr/local/bin/docker-entrypoint.sh /bare/usr/local/bin/

for library in $(ldd $tree/bin/* $tree/lib/plpgsql.so $tree/lib/libpqwalreceiver.so 2>/dev/null | grep -o ' /[^ ]*\| */lib64/ld[^ ]*' | sort -u); do
  case $library in $tree/*) continue ;; esac
  mkdir -p "/bare$(dirname "$library")"
  cp -L "$library" "/bare$library"
done
cp -a /usr/lib/locale/C.utf8 /bare/usr/lib/locale/
cp /usr/share/zoneinfo/UTC /usr/share/zoneinfo/GMT /bare/usr/share/zoneinfo/

# Alpine's numbers for postgres.
printf 'root:x:0:0:root:/root:/bin/sh\npostgres:x:70:70::/var/lib/postgresql:/bin/sh\n' >/bare/etc/passwd
printf 'root:x:0:\npostgres:x:70:\n' >/bare/etc/group
install -d -o 70 -g 70 /bare/var/lib/postgresql /bare/var/lib/postgresql/data
install -d -m 1777 /bare/tmp /bare/dev/shm
