"""The part of RESTORE.md for a physical copy of Postgres, alone or with what it builds on. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from outlive.backup.copies.restore_log import log_after
from outlive.backup.copies.restore_shell import EMPTY_TARGET, call
from outlive.model.copy import Manifest
from outlive.model.naming import check_copy_id

BASE = "base.tar"
PG_MANIFEST = "backup_manifest"


def postgres(manifest: Manifest, earlier: Sequence[Manifest]) -> str:
    """From the programs to the first start. `earlier` is what the copy builds on."""
    major = int(manifest.source["server_version_num"]) // 10000
    oids = _oids(manifest)
    unpack = _pg_unpack_chain((*earlier, manifest)) if earlier else _pg_unpack(manifest, oids)
    return "\n".join((_pg_set_up(major), unpack, _pg_verify(), _pg_start(oids), _PG_AFTER, log_after(manifest)))


def _oids(manifest: Manifest) -> list[str]:
    return [_oid(space) for space in manifest.source.get("tablespaces", [])]


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
    said = "\nTablespaces go to `$TARGET-tablespaces/OID`.\n" if oids else ""
    given = 'give "$TARGET-tablespaces" "$TARGET"' if oids else 'give "$TARGET"'
    body = "\n".join((EMPTY_TARGET, *_unpacked(manifest, "$TARGET"), given))
    return f"""\
## 5. Unpack

`$TARGET` becomes the data directory. The WAL that it needs to start is in its `pg_wal` already.
{said}
```bash
{body}
```
"""


def _unpacked(manifest: Manifest, place: str, folder: str = "") -> Iterator[str]:
    """The lines that put the streams of one copy into `place` and `place`-tablespaces; in passing, when it is one of a
    chain, whose parts lie in `folder`."""
    tar = "tar --extract --file=- --preserve-permissions --no-same-owner"
    yield f'chmod 0700 "{place}"'
    yield f'{_call(manifest, BASE)}{folder} | {tar} --directory="{place}"'
    yield f'{_call(manifest, PG_MANIFEST)}{folder} > "{place}/{PG_MANIFEST}"'
    for oid in _oids(manifest):
        space = f'"{place}-tablespaces/{oid}"'
        yield f"mkdir -p -m 0700 {space}"
        if not folder:
            yield f'[ -z "$(ls -A {space})" ] || {{ echo {space} is not empty >&2; exit 1; }}'
        yield f"{_call(manifest, f'{oid}.tar')}{folder} | {tar} --directory={space}"
        yield f'ln -sfn {space} "{place}/pg_tblspc/{oid}"'


def _pg_unpack_chain(chain: Sequence[Manifest]) -> str:
    last, oids = len(chain) - 1, _oids(chain[-1])
    lines = [EMPTY_TARGET, 'chmod 0700 "$TARGET"', 'CHAIN="$TARGET-chain"', 'mkdir -m 0700 "$CHAIN"']
    for number, member in enumerate(chain):
        place = f"$CHAIN/{number}"
        lines.append(f'mkdir "{place}"')
        lines += _unpacked(member, place, f' "../{check_copy_id(member.id)}"')
    lines += ['give "$CHAIN"', f'for n in {{0..{last}}}; do as_owner pg_verifybackup "$CHAIN/$n"; done']
    lines += [f'mkdir -p "$TARGET-tablespaces/{oid}"' for oid in oids]
    lines.append('give "$TARGET-tablespaces" "$TARGET"' if oids else 'give "$TARGET"')
    moved = [f'-T "$CHAIN/{last}-tablespaces/{oid}=$TARGET-tablespaces/{oid}"' for oid in oids]
    whole = " ".join(("as_owner pg_combinebackup", *moved, '-o "$TARGET"', f'"$CHAIN"/{{0..{last}}}'))
    body = "\n".join((*lines, whole, 'rm -r "$CHAIN"'))
    said = " (Tablespaces go to `$TARGET-tablespaces/OID`.)" if oids else ""
    return f"""\
## 5. Unpack, and make one of all

Each of the {len(chain)} copies is unpacked, the full one first, and checked by Postgres: `pg_combinebackup`, which then
makes the data directory `$TARGET` of them, does not look whether each is intact. The WAL that `$TARGET` needs to start
is in its `pg_wal` already.{said}

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
