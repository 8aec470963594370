"""The part of RESTORE.md that differs by kind. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from outlive.backup.copies.restore_log import log_after
from outlive.model.copy import Manifest, Stream
from outlive.model.naming import check_name

BASE = "base.tar"
PG_MANIFEST = "backup_manifest"


def for_kind(manifest: Manifest) -> str:
    """How the streams of this copy are put back."""
    return _KINDS.get(manifest.kind, _files)(manifest)


def call(stream: Stream) -> str:
    """The shell function of RESTORE.md that prints the stream."""
    return f"open_stream {check_name(stream.name)} {len(stream.parts)}"


_EMPTY_TARGET = """\
mkdir -p "$TARGET"
[ -z "$(ls -A "$TARGET")" ] || { echo "$TARGET is not empty: name a new place" >&2; exit 1; }"""


def _files(manifest: Manifest) -> str:
    tar = 'tar --extract --file=- --directory="$TARGET" --numeric-owner --preserve-permissions'
    lines = [
        f"{call(stream)} \\\n  | {tar} --acls --xattrs --xattrs-include='*'"
        for stream in manifest.streams
        if stream.name.endswith(".tar")
    ]
    unpack = "\n".join((_EMPTY_TARGET, *lines))
    return f"""\
## 4. Unpack

As root, so that owners and permissions come back:

```bash
{unpack}
```
{_sqlite(manifest)}
{_where_to(manifest)}"""


def _where_to(manifest: Manifest) -> str:
    if manifest.kind == "docker_volume":
        return """\
This was a Docker volume. To fill a new one of the same name, with no container using it:

    docker volume create NAME
    cp -a "$TARGET/." "$(docker volume inspect -f '{{.Mountpoint}}' NAME)/"
"""
    if manifest.kind == "config":
        return "Paths are those of the host, without the leading `/`: `$TARGET/etc/...` was `/etc/...`.\n"
    return "The inventory's `root` says where it was on the host.\n"


def _sqlite(manifest: Manifest) -> str:
    databases = [stream for stream in manifest.streams if re.fullmatch(r"sqlite-\d+\.db", stream.name)]
    if not databases:
        return ""
    places = "\n".join(f"put_sqlite {stream.name} {len(stream.parts)}" for stream in databases)
    return f"""
SQLite databases were copied through SQLite and are not in the tar. The inventory says where each belongs, with which mode
and owner; a name with unusual characters is left to you:

```bash
put_sqlite() {{
  local entry path mode uid gid
  entry=$(grep -A 4 "\\"stream\\": \\"$1\\"" "$INVENTORY")
  field() {{ sed -n "s/^ *\\"$1\\": \\"\\{{0,1\\}}\\(.*[^\\",]\\)\\"\\{{0,1\\}},\\{{0,1\\}}\\$/\\1/p" <<< "$entry"; }}
  path=$(field path) mode=$(field mode) uid=$(field uid) gid=$(field gid)
  case $path in *\\\\*|*/../*|'') path="./$1"; echo "$1: put it where the inventory says" >&2;; esac
  mkdir -p "$(dirname "$TARGET/$path")"
  open_stream "$1" "$2" > "$TARGET/$path"
  chmod "$mode" "$TARGET/$path"
  [ "$(id -u)" != 0 ] || chown "$uid:$gid" "$TARGET/$path"
}}
{places}
```
"""


def _images(manifest: Manifest) -> str:
    loads = "\n".join(f"{call(s)} | docker load" for s in manifest.streams if s.name.endswith(".tar"))
    return f"""\
## 4. Give the images to Docker

```bash
{loads}
```
"""


def _dump(manifest: Manifest) -> str:
    dumps = [stream for stream in manifest.streams if stream.name.endswith(".dump")]
    loads = "\n".join(f"restore_database {stream.name} {len(stream.parts)}" for stream in dumps)
    globals_sql = manifest.stream("globals.sql")
    roles = f"{call(globals_sql)} | without_me | psql -XAtq -v ON_ERROR_STOP=1 -f -" if globals_sql else ":"
    version_num = int(manifest.source.get("server_version_num") or 0) // 10000 * 10000
    return f"""\
## 4. A new, empty server

Start one (`initdb`, a fresh container, or a managed server) and say how it is reached as a superuser, with the variables
that all of Postgres' programs know: `PGHOST`, `PGPORT`, `PGUSER`, and `PGPASSWORD` or `~/.pgpass`.

```bash
export PGDATABASE=${{PGDATABASE:-postgres}}
[ "$(psql -XAtqc 'show server_version_num')" -ge {version_num} ] \\
  || {{ echo "this server is older than the one that was copied" >&2; exit 1; }}
```

## 5. Roles and tablespaces, then every database

Your own role is there already; it is left out. A tablespace needs its directory first, empty and owned by the server's
user: `grep TABLESPACE` in the output of `{call(globals_sql) if globals_sql else ""}` names them. A managed server refuses
some statements about roles: leave `-v ON_ERROR_STOP=1` away there, and read what it says.

```bash
ME=$(psql -XAtqc 'select quote_ident(current_user)')
without_me() {{ grep -vxF "CREATE ROLE $ME;"; }}
{roles}
```

Each dump knows the name of its database. One that is there already (`postgres`, `template1`) must have no tables.

```bash
USER_TABLES="select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')"
restore_database() {{
  local name quoted
  # Only the head of the dump is read here, so the rest of the pipe is cut off on purpose.
  name=$(set +o pipefail; open_stream "$1" "$2" 2>/dev/null | pg_restore --list | sed -n 's/^; *dbname: //p')
  [ -n "$name" ] || {{ echo "$1: the name of the database cannot be read" >&2; return 1; }}
  if [ "$(psql -XAtq -v name="$name" <<< "select count(*) from pg_database where datname = :'name'")" = 0 ]; then
    open_stream "$1" "$2" | pg_restore --exit-on-error --create --dbname=postgres
    return
  fi
  quoted=${{name//\\\\/\\\\\\\\}} quoted=${{quoted//\\'/\\\\\\'}}
  [ "$(psql -XAtq -d "dbname='$quoted'" -c "$USER_TABLES")" = 0 ] \\
    || {{ echo "database $name has tables already; nothing was done to it" >&2; return 1; }}
  open_stream "$1" "$2" | pg_restore --exit-on-error --dbname="dbname='$quoted'"
}}
{loads}
psql -XAtqc "select 'restored: ' || datname from pg_database where datallowconn"
```
"""


def _postgres(manifest: Manifest) -> str:
    major = int(manifest.source["server_version_num"]) // 10000
    oids = [_oid(space) for space in manifest.source.get("tablespaces", [])]
    return "\n".join(
        (_pg_set_up(major), _pg_unpack(manifest, oids), _pg_verify(), _pg_start(oids), _PG_AFTER, log_after(manifest))
    )


def _oid(space: dict[str, str]) -> str:
    if not re.fullmatch(r"\d+", str(space["oid"])):
        raise ValueError(f"{space['oid']!r} is not the oid of a tablespace")
    return str(space["oid"])


def _pg_set_up(major: int) -> str:
    return f"""\
## 4. PostgreSQL {major}

As root the server's files are given to the user `postgres` (another one: `OWNER=...`) and its programs run as that user; or
be that user yourself, and nothing is given away. On Debian the programs are in `/usr/lib/postgresql/{major}/bin`.

```bash
OWNER=${{OWNER:-postgres}}
export PATH="/usr/lib/postgresql/{major}/bin:$PATH"
as_owner() {{ if [ "$(id -u)" = 0 ]; then (cd / && runuser -u "$OWNER" -- "$@"); else "$@"; fi; }}
give() {{ [ "$(id -u)" != 0 ] || chown -R "$OWNER:" "$@"; }}
postgres --version | grep -E '\\) {major}[.a-z]' \\
  || {{ echo "this copy needs PostgreSQL {major}" >&2; exit 1; }}
```
"""


def _pg_unpack(manifest: Manifest, oids: list[str]) -> str:
    tar = "tar --extract --file=- --preserve-permissions --no-same-owner"
    lines = [_EMPTY_TARGET, 'chmod 0700 "$TARGET"', f'{_call(manifest, BASE)} | {tar} --directory="$TARGET"']
    if manifest.stream(PG_MANIFEST):
        lines.append(f'{_call(manifest, PG_MANIFEST)} > "$TARGET/{PG_MANIFEST}"')
    for oid in oids:
        place = f'"$TARGET-tablespaces/{oid}"'
        lines += [
            f"mkdir -p -m 0700 {place}",
            f'[ -z "$(ls -A {place})" ] || {{ echo {place} is not empty >&2; exit 1; }}',
            f"{_call(manifest, f'{oid}.tar')} | {tar} --directory={place}",
            f'ln -sfn {place} "$TARGET/pg_tblspc/{oid}"',
        ]
    if oids:
        lines.append('give "$TARGET-tablespaces"')
    said = "\nTablespaces go to `$TARGET-tablespaces/OID`.\n" if oids else ""
    body = "\n".join((*lines, 'give "$TARGET"'))
    return f"""\
## 5. Unpack

`$TARGET` becomes the data directory. The WAL that it needs to start is in its `pg_wal` already.
{said}
```bash
{body}
```
"""


def _call(manifest: Manifest, name: str) -> str:
    stream = manifest.stream(name)
    if stream is None:
        raise ValueError(f"a copy of Postgres has no stream {name}")
    return call(stream)


def _pg_verify() -> str:
    return """\
## 6. Let Postgres check every file and the WAL

```bash
as_owner pg_verifybackup "$TARGET"
```

(If it says that `pg_waldump` is not there, add `--no-parse-wal`: then only the files are checked.)
"""


def _pg_start(oids: list[str]) -> str:
    lines = [f'echo "{oid} $TARGET-tablespaces/{oid}"' for oid in oids]
    moved = "{\n" + "\n".join(f"  {line}" for line in lines) + '\n} > "$TARGET/tablespace_map"\n' if oids else ""
    return f"""\
## 7. Start it, seen by nobody

The first start replays the WAL to the end of the copy. Until you have looked at it, it listens on a socket only, sends
its WAL nowhere and follows no other server. Debian keeps the configuration in `/etc/postgresql`, outside of the data
directory: where the copy has none, a plain one is written (the real one is worth an asset of kind `config`).

```bash
{moved}rm -f "$TARGET/standby.signal" "$TARGET/recovery.signal"
[ -e "$TARGET/postgresql.conf" ] || echo "# none came with the copy" > "$TARGET/postgresql.conf"
[ -e "$TARGET/pg_hba.conf" ] || echo "local all all peer" > "$TARGET/pg_hba.conf"
[ -e "$TARGET/pg_ident.conf" ] || : > "$TARGET/pg_ident.conf"
SOCKETS=${{SOCKETS:-$(mktemp -d)}}
mkdir -p "$SOCKETS"
LOG="$TARGET-first-start.log"
: > "$LOG"
give "$TARGET" "$SOCKETS" "$LOG"
QUIET="-c listen_addresses='' -c unix_socket_directories='$SOCKETS' -c archive_mode=off -c ssl=off"
as_owner pg_ctl --pgdata="$TARGET" --wait --timeout=86400 --log="$LOG" \\
  --options="$QUIET -c logging_collector=off" start || {{ tail -n 20 "$LOG" >&2; exit 1; }}
echo "It runs: psql -h $SOCKETS -U postgres -l"
```
"""


_PG_AFTER = """\
## 8. Look, then put it into service

    psql -h "$SOCKETS" -U postgres -l

Compare databases, tables and rows with the inventory, which also names the roles to log in as. If the server does not
start, its log says why. Mostly it is an extension in `shared_preload_libraries` that this machine lacks (install it, or
use the image that the server ran as), or a path in `postgresql.conf` that is not here. If the C library or ICU is another
version than it was, `REINDEX` what is sorted by text before you rely on it.

Then stop it and start it the usual way, with the target as data directory:

    pg_ctl -D "$TARGET" stop

Before you let the application in: the old server must be down for good, or both will take writes.
"""

_KINDS: dict[str, Callable[[Manifest], str]] = {
    "postgres": _postgres,
    "postgres_dump": _dump,
    "docker_volume": _files,
    "path": _files,
    "config": _files,
    "images": _images,
}
