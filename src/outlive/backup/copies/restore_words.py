"""The part of RESTORE.md that differs by kind. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from outlive.backup.copies.restore_shell import EMPTY_TARGET, call
from outlive.backup.copies.restore_words_postgres import postgres
from outlive.model.copy import Manifest


def for_kind(manifest: Manifest, earlier: Sequence[Manifest]) -> str:
    """How the streams of this copy, and of those that it builds on, are put back."""
    if manifest.kind == "postgres":
        return postgres(manifest, earlier)
    return _KINDS.get(manifest.kind, _files)(manifest)


def _files(manifest: Manifest) -> str:
    tar = 'tar --extract --file=- --directory="$TARGET" --numeric-owner --preserve-permissions'
    lines = [
        f"{call(stream)} \\\n  | {tar} --acls --xattrs --xattrs-include='*'"
        for stream in manifest.streams
        if stream.name.endswith(".tar")
    ]
    unpack = "\n".join((EMPTY_TARGET, *lines))
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


def _temporal(manifest: Manifest) -> str:
    stream = manifest.stream("temporal.json")
    unpack = f'{call(stream)} > "$TARGET/temporal.json"' if stream else ":"
    return f"""\
## 4. Unpack

```bash
{EMPTY_TARGET}
{unpack}
```

It is what Temporal's own API said, as JSON, and goes back through that API: the frontend's HTTP port (7243 in the
official images). Schedules are made **paused**: let them run (`temporal schedule toggle --unpause`) once nothing else
runs them. With `curl` and `jq`, in `$TARGET`, and `API` set to such as http://127.0.0.1:7243:

    AS='Content-Type: application/json+no-payload-shorthand'
    post() {{ curl -sS --fail-with-body -H "$AS" -d @- "$API/api/v1/namespaces$1"; echo; }}
    jq -c '.namespaces[]' temporal.json | while read -r namespace; do
      jq '{{namespace: .name, description: .described.namespaceInfo.description, data: .described.namespaceInfo.data,
        workflowExecutionRetentionPeriod: .described.config.workflowExecutionRetentionTtl}}' <<< "$namespace" | post ""
    done

One that is there already says so. A new one is known everywhere within a minute; what search attributes it had says
`jq '.namespaces[] | {{name, search_attributes}}' temporal.json` (`temporal operator search-attribute create`). Then:

    jq -c '.namespaces[] | .name as $name | .schedules[] | {{namespace: $name}} + .' temporal.json | while read -r one; do
      path=$(jq -r '"/" + (.namespace | @uri) + "/schedules/" + (.id | @uri)' <<< "$one")
      jq --arg key "$(cat /proc/sys/kernel/random/uuid)" '.described | {{schedule, memo, searchAttributes, requestId: $key}}
        | .schedule.state.paused = true | del(..|nulls)' <<< "$one" | post "$path"
    done
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


_KINDS: dict[str, Callable[[Manifest], str]] = {
    "postgres_dump": _dump,
    "docker_volume": _files,
    "path": _files,
    "config": _files,
    "images": _images,
    "temporal": _temporal,
}
