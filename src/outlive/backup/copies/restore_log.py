"""The part of RESTORE.md about the log that came after a copy of Postgres. Pure.

Its blocks are marked `sh`: what is done all at once restores the copy alone. A test executes them (tests/hand_restore).
"""

from __future__ import annotations

from outlive.model.copy import Manifest
from outlive.model.naming import check_name


def log_after(manifest: Manifest) -> str:
    """How any second after the copy is reached."""
    size = str(manifest.source.get("wal_segment_size", "16MB")).removesuffix("B")
    return f"""\
## 9. Instead: this copy and the log after it

If the vault has a folder `wal/{check_name(manifest.asset)}/{check_name(manifest.lineage)}/`, it holds what was written
after this copy, and you can have any second of it. (If there are folders `after-MOMENT` in it, the server was once put
back to an earlier state: take the newest one that began before this copy was taken.) Bring it to this machine; of its
files, those whose names come before {_first_segment(manifest)} are not needed.

Begin anew, with an empty target, in the folder of this copy. `AT` is the moment, by the server's clock, such as
`2026-02-07 08:14:59+00`; leave it empty for all there is. First the log is put together, as files that Postgres reads:

```sh
set -euo pipefail
KEY=${{KEY:-/root/recovery.txt}}
TARGET=$(realpath -m "${{TARGET:-/srv/restored}}")
LOG=${{LOG:-/root/log}}
AT=${{AT:-}}
mkdir -p "$TARGET-log"
for file in "$LOG"/*.zst.age; do   # SEGMENT.START-END.MOMENT.zst.age; without START-END it is a whole segment
  name=$(basename "$file" .zst.age)
  segment=${{name%%.*}} range=${{name#*.}} start=0
  case $name in
    *.history) segment=$segment.history ;;
    *-*) start=$((16#${{range%%-*}})) ;;
  esac
  age --decrypt --identity "$KEY" "$file" | zstd --decompress --stdout --quiet \\
    | dd of="$TARGET-log/$segment" bs=64K seek="$start" oflag=seek_bytes conv=notrunc status=none
  [[ $name == *.history ]] || truncate --size=">{size}" "$TARGET-log/$segment"
done
```

Then the copy is restored as above, but before its first start Postgres is told to read the log. When it cannot get to
`AT`, it stops with an error, and what lies at the target is not your data.

```sh
cat > "$TARGET-replay.sh" <<'END'
echo "restore_command = 'cp \\"$TARGET-log/%f\\" \\"%p\\"'" >> "$TARGET/postgresql.auto.conf"
echo "recovery_target_time = '$AT'" >> "$TARGET/postgresql.auto.conf"
echo "recovery_target_action = 'promote'" >> "$TARGET/postgresql.auto.conf"
touch "$TARGET/recovery.signal"
give "$TARGET-log"
END
sed -n '/^```bash$/,/^```$/{{/^```/d;p;}}' RESTORE.md \\
  | sed "s|^rm -f .*/recovery.signal.*|source '$TARGET-replay.sh'|" > "$TARGET-restore.sh"
KEY=$KEY TARGET=$TARGET AT=$AT bash "$TARGET-restore.sh"
```

When it runs, take those three lines out of `postgresql.auto.conf`, and remove `$TARGET-log`.
"""


def _first_segment(manifest: Manifest) -> str:
    """In words: the name holds the position, which a person can compare."""
    end = manifest.source.get("end_lsn")
    return f"the one that holds position {end}" if end else "the one in which the copy ends"
