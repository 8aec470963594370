#!/bin/sh
# What the official image's entrypoint does, as far as a backup can tell: initdb into an empty PGDATA, password, database,
# pg_hba.conf, the scripts in /docker-entrypoint-initdb.d, then postgres as the user postgres.
set -eu

if [ "${1#-}" != "$1" ]; then set -- postgres "$@"; fi
if [ "$1" != postgres ]; then exec "$@"; fi

user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}
if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE"); fi

if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" && chmod 700 "$PGDATA"
  find "$PGDATA" \! -user postgres -exec chown postgres '{}' +
  if command -v runuser >/dev/null; then # Debian; its su would stay in between as a parent
    exec setpriv --reuid=postgres --regid=postgres --clear-groups "$0" "$@"
  fi
  exec su -s /bin/sh postgres -c 'exec "$0" "$@"' -- "$0" "$@" # busybox
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  if [ -z "${POSTGRES_PASSWORD:-}" ] && [ "${POSTGRES_HOST_AUTH_METHOD:-}" != trust ]; then
    echo "Error: Database is uninitialized and superuser password is not specified." >&2
    exit 1
  fi
  printf '%s\n' "${POSTGRES_PASSWORD:-unused}" >/tmp/password
  # initdb trusts local and loopback connections, replication among them; everybody else needs the password.
  initdb --username="$user" --pwfile=/tmp/password --no-sync ${POSTGRES_INITDB_ARGS:-}
  rm /tmp/password
  echo "host all all all ${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >>"$PGDATA/pg_hba.conf"
  if [ "$database" != postgres ] || ls /docker-entrypoint-initdb.d/* >/dev/null 2>&1; then
    pg_ctl -D "$PGDATA" -o "-c listen_addresses=''" -w start
    if [ "$database" != postgres ]; then psql -v ON_ERROR_STOP=1 -U "$user" -d postgres -c "create database \"$database\""; fi
    for file in /docker-entrypoint-initdb.d/*; do
      case $file in
        *.sql) psql -v ON_ERROR_STOP=1 -U "$user" -d "$database" -f "$file" ;;
        *.sh) . "$file" ;;
      esac
    done
    pg_ctl -D "$PGDATA" -m fast -w stop
  fi
  echo "PostgreSQL init process complete; ready for start up."
fi
exec "$@" -c listen_addresses='*'
