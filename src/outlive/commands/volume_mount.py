"""What we say to a machine about a detachable volume: what is on it, a file system where surely nothing is, and where it is
mounted, now and at every boot. PURE.

A file system is made only where `blkid` and `wipefs` find no signature of anything, the first MiB is zeros, the size is that
of the order, and the device is the one with the volume's own id in its name. mke2fs(8) opens it for itself alone and writes
the superblock, with our UUID, last: killed at any moment it leaves a device that still looks blank, or one that is ours.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from hashlib import sha256

from outlive.commands.placing import ROOM
from outlive.commands.volume_shell import FSTAB, LOCK, RELOAD

FORMAT = "ext4"


@dataclass(frozen=True, slots=True)
class Mounting:
    """A volume's device, where it is to be mounted, and the key of who mounts it (a run and its asset)."""

    device: str
    point: str
    key: str

    @property
    def mark(self) -> str:
        return sha256(self.key.encode()).hexdigest()[:16]

    @property
    def uuid(self) -> str:
        """Of the file system that this run makes: by it the run knows its own again."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"outlive volume {self.key}"))

    @property
    def comment(self) -> str:
        return f"# outlive: a detachable volume ({self.mark})"

    def line(self, found_uuid: str, kind: str) -> str:
        """Of fstab(5). `nofail`: without the volume the machine still boots, so that somebody can look at it; what must not
        start without it is held back by what `volume_switch` writes."""
        return f"UUID={found_uuid} {self.point} {kind} defaults,nofail,x-systemd.device-timeout=60s 0 2"


@dataclass(frozen=True, slots=True)
class Seen:
    """What is on the device. `kind` and `uuid` are those of a file system; `signatures` whatever else was found.
    `is_mounted`: at its mount point; `other` is what is mounted there instead."""

    is_there: bool
    size_bytes: int = 0
    kind: str = ""
    uuid: str = ""
    signatures: str = ""
    is_mounted: bool = False
    is_in_fstab: bool = False
    other: str = ""

    @property
    def is_blank(self) -> bool:
        return not (self.kind or self.uuid or self.signatures)


def look(mounting: Mounting) -> tuple[str, ...]:
    return ("sh", "-c", _LOOK, "look", mounting.device, mounting.point, mounting.comment)


_LOOK = """\
[ -b "$1" ] || { echo device=absent; exit 0; }
real=$(readlink -f -- "$1")
echo device=there
echo "bytes=$(blockdev --getsize64 "$real")" || exit 1
code=0
found=$(blkid -p -o export -- "$real") || code=$?
printf '%s\\n' "$found" | grep -E '^(TYPE|UUID)=' || :
[ $code -eq 0 ] || [ $code -eq 2 ] || echo "signature=unclear"
wipefs --no-act --parsable -- "$real" | grep -v '^#' | sed 's/^/signature=/' || :
if mountpoint -q -- "$2"; then
  [ "$(mountpoint -d -- "$2")" = "$(mountpoint -x -- "$real")" ] && echo mounted=yes || echo mounted=other
fi
grep -qxF -e "$3" -- /etc/fstab 2>/dev/null && echo fstab=yes
exit 0
"""


def read_look(text: str) -> Seen:
    """Raises ValueError when the machine printed something else."""
    pairs = [line.partition("=")[::2] for line in text.splitlines() if line.strip()]
    found = dict(pairs)
    if found.get("device") == "absent":
        return Seen(False)
    if found.get("device") != "there" or not found.get("bytes", "").isdigit():
        raise ValueError("what is on the device was not told")
    signatures = ", ".join(dict.fromkeys(value.split(",")[-1] for name, value in pairs if name == "signature"))
    return Seen(
        is_there=True,
        size_bytes=int(found["bytes"]),
        kind=found.get("TYPE", ""),
        uuid=found.get("UUID", ""),
        signatures=signatures,
        is_mounted=found.get("mounted") == "yes",
        is_in_fstab=found.get("fstab") == "yes",
        other=found["mounted"] if found.get("mounted") == "other" else "",
    )


def make(mounting: Mounting, gigabytes: int) -> tuple[str, ...]:
    """A file system, where there is surely nothing; looks for itself, in the same breath. Else it ends with `REFUSED`,
    having touched nothing."""
    note = f"{ROOM}/formatting-{mounting.mark}"
    least, most = str(gigabytes * 10**9), str(gigabytes * 2**30)
    return ("sh", "-c", _MAKE, "make", mounting.device, mounting.uuid, note, least, most)


_MAKE = (
    LOCK
    + f"""\
[ -b "$1" ] || no "$1 is not there"
real=$(readlink -f -- "$1")
bytes=$(blockdev --getsize64 "$real")
[ "$bytes" -ge "$4" ] && [ "$bytes" -le "$5" ] || no "$1 has $bytes bytes, which is not the size that was ordered"
code=0
found=$(blkid -p -- "$real") || code=$?
[ $code -eq 2 ] && [ -z "$found" ] || no "$1 is not blank: ${{found:-it cannot be told what is on it}}"
found=$(wipefs --no-act --parsable -- "$real")
[ -z "$(printf '%s' "$found" | grep -v '^#')" ] || no "$1 is not blank: $found"
if [ ! -e "$3" ]; then
  [ "$(head -c 1048576 -- "$real" | tr -d '\\000' | wc -c)" -eq 0 ] || no "$1 is not blank: it does not begin with zeros"
  printf '%s\\n' "$1" > "$3"
  sync
fi
mkfs.{FORMAT} -q -m 0 -U "$2" -L outlive "$real" < /dev/null
"""
)


def mount(mounting: Mounting, found_uuid: str, kind: str) -> tuple[str, ...]:
    """By the line in fstab, so that this is proven too. Nothing may lie at the mount point, or come to lie there while the
    volume is away: the directory below it is made immutable."""
    line = mounting.line(found_uuid, kind)
    return ("sh", "-c", _MOUNT, "mount", mounting.device, mounting.point, mounting.comment, line)


_MOUNT = (
    LOCK
    + RELOAD
    + FSTAB
    + """\
mkdir -p -- "$2"
if ! mountpoint -q -- "$2"; then
  [ -z "$(ls -A -- "$2")" ] || no "$2 holds something"
  chattr +i -- "$2"
  fstab_add "$3" "$4" "$2"
  reload
  mount -- "$2"
fi
[ "$(mountpoint -d -- "$2")" = "$(mountpoint -x -- "$(readlink -f -- "$1")")" ] || no "something else is mounted at $2"
"""
)


def unmount(mounting: Mounting, found_uuid: str, kind: str) -> tuple[str, ...]:
    """What is on it stays. Harmless when it is not mounted."""
    line = mounting.line(found_uuid, kind)
    return ("sh", "-c", _UNMOUNT, "unmount", mounting.point, mounting.comment, line)


_UNMOUNT = (
    LOCK
    + RELOAD
    + FSTAB
    + """\
fstab_drop "$2" "$3"
reload
sync
if mountpoint -q -- "$1"; then umount -- "$1"; fi
if [ -d "$1" ]; then chattr -i -- "$1"; rmdir -- "$1" || :; fi
"""
)
