"""RESTORE.md: how to get this very copy back with age, zstd, tar and stock Postgres alone. Pure.

A test executes what is written here in a container that has none of our code (tests/hand_restore). Everything in a
block marked `bash` is executed, in order; what is only said to a person is indented or in words. What differs by kind is
in `restore_words.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from textwrap import indent

from outlive.backup.copies.layout import INVENTORY
from outlive.backup.copies.manifest import sums
from outlive.backup.copies.restore_shell import call
from outlive.backup.copies.restore_words import for_kind
from outlive.model.copy import Manifest, Stream
from outlive.model.naming import check_copy_id, check_name


def restore_md(manifest: Manifest, earlier: Sequence[Manifest] = ()) -> str:
    """The text that lies beside the copy. `earlier` is what the copy builds on, all of it, the full copy first."""
    parts = (_head(manifest), _needs(manifest, earlier), _how(), _set_up(manifest), _check(manifest, earlier))
    return "\n".join((*parts, _look(manifest), for_kind(manifest, earlier), _trouble(manifest)))


def _head(manifest: Manifest) -> str:
    rows = "\n".join(_row(stream) for stream in manifest.streams)
    return f"""\
# Restoring `{manifest.asset}` by hand

Copy `{manifest.id}`, of kind `{manifest.kind}`, of lineage `{manifest.lineage}`.
It came from {manifest.host or "a database's address"} and holds what was written until {moment(manifest.data_until)}.
It was finished at {moment(manifest.finished_at)}.

Everything below works without the program that made it ({manifest.tool or "outlive"}).

| stream | parts | bytes here | bytes unpacked |
|---|---|---|---|
{rows}
"""


def moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _row(stream: Stream) -> str:
    plain = "compressed by the server" if stream.frames == "continuous" else str(stream.plain_bytes)
    return f"| `{stream.name}` | {len(stream.parts)} | {stream.stored_bytes} | {plain} |"


def _needs(manifest: Manifest, earlier: Sequence[Manifest]) -> str:
    keys = "\n".join(f"    {recipient}" for recipient in manifest.recipients)
    return f"""\
## What you need

- This whole folder, on a machine with room for what is unpacked.{_beside(earlier)}
- Linux with `bash`, `age`, `zstd`, GNU `tar` and `sha256sum`: `apt-get install age zstd tar coreutils` on Debian and
  Ubuntu, `apk add bash age zstd tar coreutils` on Alpine.{_programs(manifest)}
- **One** private key. The copy was encrypted to these public keys; the private half of any one of them opens it:

{keys}

  The recovery key is on the printed recovery kit. Put it into a file, alone on one line: `AGE-SECRET-KEY-1...`
  (`age-keygen -y FILE` prints its public half, to compare with the list above.)
"""


def _beside(earlier: Sequence[Manifest]) -> str:
    if not earlier:
        return ""
    names = "\n".join(f"    {check_copy_id(one.id)}" for one in earlier)
    return f"""
- **This copy holds only what changed since an earlier one.** Also bring the folders of all that it builds on, beside this
  one, under the names that they have in the vault:

{names}

  All of them are unpacked and then made into one: for a while it takes up to twice the room of what is unpacked."""


def _programs(manifest: Manifest) -> str:
    version = manifest.source.get("postgres_version")
    image = manifest.source.get("image")
    if manifest.kind not in ("postgres", "postgres_dump") or not version:
        return "\n- Docker." * (manifest.kind == "images")
    major = str(version).split(".")[0]
    exact = "" if manifest.kind == "postgres_dump" else " No other major version reads these files."
    where = f" The server ran as the image `{image}`." if image else ""
    return f"\n- PostgreSQL {major}{' or newer' if not exact else ''} (the server was {version}).{exact}{where}"


ALL_AT_ONCE = """\
sed -n '/^```bash$/,/^```$/{/^```/d;p;}' RESTORE.md > ~/restore.sh
KEY=/root/recovery.txt TARGET=/srv/restored bash ~/restore.sh"""


def _how() -> str:
    commands = indent(ALL_AT_ONCE, "    ")
    return f"""\
## How to use this page

All at once, from within this folder (set `KEY` and `TARGET` to what is right for you):

{commands}

Or block by block: type `bash`, then `KEY=... TARGET=...`, then paste. The commands end that shell at the first failure,
so that nothing goes on after it. **If anything fails, what lies at the target is not your data: remove it and start
again.**
"""


_TARGET = """\
TARGET=$(realpath -m "${TARGET:-/srv/restored}")   # a new place
"""


def _set_up(manifest: Manifest) -> str:
    target = "" if manifest.kind in ("postgres_dump", "images") else _TARGET
    return f"""\
## 1. Set up

```bash
set -euo pipefail
KEY=${{KEY:-/root/recovery.txt}}   # the file that holds the private key
{target}INVENTORY=${{INVENTORY:-$(dirname "$KEY")/{check_name(manifest.asset)}-inventory.json}}
trap '[ $? = 0 ] || echo "FAILED: the restore is not complete. Nothing in this folder was changed." >&2' EXIT

{_OPEN_OTHERS if manifest.parent else _OPEN}```
"""


_OPEN = """\
# Prints a stream: NAME COUNT. Its parts are decrypted one after another and together are one zstd file. The count is
# given, and every failure ends it, so that a missing or damaged part is never passed over.
open_stream() {
  for ((part = 0; part < $2; part++)); do
    age --decrypt --identity "$KEY" "$(printf '%s.zst.age.%06d' "$1" "$part")" || exit 1
  done | zstd --decompress --stdout --quiet
}
"""

_OPEN_OTHERS = """\
# Prints a stream: NAME COUNT, and FOLDER where it is one of another copy. Its parts are decrypted one after another and
# together are one zstd file. The count is given, and every failure ends it, so that a missing or damaged part is never
# passed over.
open_stream() {
  for ((part = 0; part < $2; part++)); do
    age --decrypt --identity "$KEY" "$(printf '%s/%s.zst.age.%06d' "${3:-.}" "$1" "$part")" || exit 1
  done | zstd --decompress --stdout --quiet
}
"""


def _check(manifest: Manifest, earlier: Sequence[Manifest]) -> str:
    others = "".join(f'(cd "../{check_copy_id(one.id)}"\n{_sums(one)})\n' for one in earlier)
    return f"""\
## 2. Check that every byte is there

```bash
{others}{_sums(manifest)}
```
"""


def _sums(manifest: Manifest) -> str:
    digest = hashlib.sha256(sums(manifest)).hexdigest()
    return f"""\
echo "{digest}  SHA256SUMS" | sha256sum --check --quiet
sha256sum --check --quiet SHA256SUMS"""


def _look(manifest: Manifest) -> str:
    inventory = manifest.stream(INVENTORY)
    if inventory is None:
        return ""
    return f"""\
## 3. See what is in it

What was there when the copy was taken (names, counts, versions) is encrypted like the data. This writes it to a file:

```bash
(umask 077; {call(inventory)} > "$INVENTORY")
```

Read it with `less "$INVENTORY"`; remove it when you are done.
"""


def _trouble(manifest: Manifest) -> str:
    return f"""\
## If something is missing

- `age` says `no identity matched any of the recipients`: it is another key. Compare `age-keygen -y FILE` with the list
  above.
- No `age`: any program that reads the format of https://age-encryption.org/v1 will do, such as `rage`.
- No `zstd`: it is RFC 8878; `unzstd`, `pzstd` and 7-Zip read it too.
- A part is damaged or missing: this copy cannot be restored whole. Use an earlier one; each lies in a folder of its own
  beside this one, `copies/{manifest.asset}/`.{_members(manifest)}
- A part is damaged and there is no other copy: each part can be decrypted alone{_alone(manifest)}
"""


def _members(manifest: Manifest) -> str:
    if manifest.parent is None:
        return ""
    return " If the part is one of a copy that this one builds on,\n  use that copy's own parent, or an earlier one."


def _alone(manifest: Manifest) -> str:
    if any(stream.frames == "continuous" for stream in manifest.streams):
        return ", but a stream\n  that the server compressed can only be decompressed up to the first gap."
    return " and begins with a whole\n  zstd frame, so what the other parts hold can be unpacked without it."
