"""What we say to a machine about data that moves to a mounted volume: copied with everything, compared byte by byte, and
then seen at its old place by a bind mount. PURE.

Why it is done so: a bind mount that is missing after a boot shows the empty directory below it, and a Postgres container
that finds its directory empty makes a new, empty cluster there without a word. That must be impossible, so there are two
locks. The directory below is immutable (chattr(1) `+i`): nobody, not even root in a container, can make a file in it, so
such a start fails and says so. And `RequiresMountsFor=` (systemd.unit(5)) holds Docker back until both mounts are there.
What was at the place before is kept beside it, untouched.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from outlive.commands.placing import ROOM
from outlive.commands.volume_mount import Mounting
from outlive.commands.volume_shell import LOCK, MISSING, TELL, TOOLS


@dataclass(frozen=True, slots=True)
class Switch:
    """The directory `place` of the machine's own disk, and the mounted volume that its data goes to."""

    place: str
    mounting: Mounting

    @property
    def on_volume(self) -> str:
        return f"{self.mounting.point}/data"

    @property
    def before(self) -> str:
        """Beside the place, so that a rename brings it there: what was there before."""
        folder, name = posixpath.split(posixpath.normpath(self.place))
        return f"{folder}/.outlive-before-{self.mounting.mark}-{name.lstrip('.')}"

    @property
    def words(self) -> tuple[str, ...]:
        """$1 to $9 of the scripts."""
        comment = f"# outlive: data on a detachable volume ({self.mounting.mark})"
        wants = f"x-systemd.requires-mounts-for={self.mounting.point}"
        line = f"{self.on_volume} {self.place} none bind,nofail,{wants} 0 0"
        unit = f"[Unit]\nRequiresMountsFor={self.mounting.point} {self.place}\n"
        drop_in = f"/etc/systemd/system/docker.service.d/outlive-{self.mounting.mark}.conf"
        receipt = f"{ROOM}/switched-{self.mounting.mark}"
        return (
            *(self.place, self.on_volume, self.before, self.mounting.point, comment, line),
            *(drop_in, unit, receipt),
        )


def size(place: str) -> tuple[str, ...]:
    """Prints how many bytes a directory takes on the disk, and how many files it has."""
    return ("sh", "-c", 'du -s --block-size=1 -- "$1" | cut -f1; find "$1" ! -type d | wc -l', "size", place)


def look_copied(switch: Switch) -> tuple[str, ...]:
    """Prints `copied`, `not`, or `missing` where the volume is not mounted."""
    return ("sh", "-c", _LOOK_COPIED, "look", switch.mounting.point, switch.on_volume)


_LOOK_COPIED = """\
if ! mountpoint -q -- "$1"; then echo missing; elif [ -d "$2" ]; then echo copied; else echo not; fi
"""


def copy(switch: Switch) -> tuple[str, ...]:
    """Whole or not at all."""
    return ("sh", "-c", _COPIES, "copy", *switch.words)


_COPIES = (
    TOOLS
    + f"""\
mountpoint -q -- "$point" || exit {MISSING}
[ ! -e "$data" ] || exit 0
idle
copy "$place" "$partial"
mv -T -- "$partial" "$data"
sync
"""
)


def drop_partial(switch: Switch) -> tuple[str, ...]:
    """Removes the unfinished copy; a whole one stays on the volume."""
    words = 'if mountpoint -q -- "$4"; then rm -rf -- "$4/.data.outlive-partial" "$4/.data.outlive-partial.failed"; fi'
    return ("sh", "-c", LOCK + words, "drop", *switch.words)


def look_switched(switch: Switch) -> tuple[str, ...]:
    """Prints `switched`, `not`, or `missing` where it was switched and the volume is not to be seen there."""
    return ("sh", "-c", _LOOK_SWITCHED, "look", *switch.words)


_LOOK_SWITCHED = (
    TELL
    + """\
if [ ! -e "$receipt" ]; then echo not
elif [ -d "$data" ] && [ "$(stat -c %d:%i -- "$place")" = "$(stat -c %d:%i -- "$data")" ]; then echo switched
else echo missing; fi 2> /dev/null
"""
)


def switch(one: Switch) -> tuple[str, ...]:
    """Compares, then switches. When they differ the copy is removed, so that it is made again; the data is where it was.

    May be killed, and the machine may boot, at any moment. A place that is mounted and has no receipt was reached by a
    boot in the middle: what is on the volume is then the newer."""
    return ("sh", "-c", _SWITCH, "switch", *one.words)


_SWITCH = (
    TOOLS
    + f"""\
mountpoint -q -- "$point" || exit {MISSING}
[ -d "$data" ] || exit {MISSING}
idle
if mountpoint -q -- "$place"; then
  [ ! -e "$receipt" ] || exit 0
  umount -- "$place"
elif [ ! -e "$before" ]; then
  compare "$place" "$data"
  if ! same; then
    said=$(differences)
    [ ! -e "$dropin" ] || no "$place and $data differ, and either may be the newer: a person must look: $said"
    rm -rf -- "$partial"
    mv -T -- "$data" "$partial"
    rm -rf -- "$partial"
    no "the copy is not what is at $place: $said"
  fi
fi
hold
if [ ! -e "$before" ]; then mv -T -- "$place" "$before"; fi
show
"""
)


def back(one: Switch, *, give_up: bool = False) -> tuple[str, ...]:
    """The data is on the machine's own disk again: what was there before when nothing was written since, else what is on the
    volume, copied and compared; then what was there before stays aside. `give_up`: also when the volume is not to be read,
    though what was written since is only there. Prints `nothing`, `before`, `copied` or `given up`."""
    return ("sh", "-c", _BACK, "back", *one.words, "yes" if give_up else "no")


_BACK = (
    TOOLS
    + f"""\
shift 9
back=$before.back
if [ ! -e "$receipt" ] && [ ! -e "$before" ] && [ ! -e "$dropin" ]; then echo nothing; exit 0; fi
idle
said=before
if mountpoint -q -- "$place" && [ ! -e "$before" ]; then
  if [ -e "$receipt" ]; then
    mkdir -m 700 -- "$before" # somebody has removed what was kept there
  else # a boot came in the middle of the switch: what was there before is below the mount
    umount -- "$place"
    mv -T -- "$place" "$before"
    mkdir -p -m 0 -- "$place"
    chattr +i -- "$place"
  fi
fi
if [ ! -e "$before" ]; then # not switched, or back already
  if mountpoint -q -- "$point" && [ -d "$data" ] && [ -e "$receipt" -o -e "$dropin" ]; then
    compare "$place" "$data"
    same || no "$place and $data differ, and either may be the newer: a person must look: $(differences)"
  fi
elif mountpoint -q -- "$place" || [ -z "$(ls -A -- "$place" 2> /dev/null)" ]; then
  rm -rf -- "$back" "$back.partial"
  if ! mountpoint -q -- "$point" || [ ! -d "$data" ]; then
    [ "$1" = yes ] || exit {MISSING}
    [ -n "$(ls -A -- "$before")" ] || no "nothing was kept at $before"
    said='given up'
  else
    compare "$before" "$data"
    if ! same; then
      copy "$data" "$back.partial"
      compare "$back.partial" "$data"
      same || no "what came back from the volume is not what is on it: $(differences)"
      mv -T -- "$back.partial" "$back"
      said=copied
    fi
  fi
fi
release
if [ -e "$before" ] && [ -d "$place" ] && [ -z "$(ls -A -- "$place")" ]; then
  chattr -i -- "$place"
  rmdir -- "$place"
fi
if [ ! -e "$place" ]; then
  if [ -e "$back" ]; then mv -T -- "$back" "$place"; else mv -T -- "$before" "$place"; fi
fi
sync
rm -f -- "$receipt" {ROOM}/compare-1 {ROOM}/compare-2
if [ -d "$before" ]; then rmdir -- "$before" 2> /dev/null || :; fi
echo "$said"
"""
)
