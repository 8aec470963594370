"""What we say to a machine that takes over a detachable volume of another: what is on it is seen at its place. PURE."""

from __future__ import annotations

from outlive.commands.volume_shell import MISSING, TOOLS
from outlive.commands.volume_switch import Switch


def use(one: Switch) -> tuple[str, ...]:
    """What is on the volume already is seen at the place, where nothing must be: on a machine that takes another's over."""
    return ("sh", "-c", _USE, "use", *one.words)


_USE = (
    TOOLS
    + f"""\
mountpoint -q -- "$point" || exit {MISSING}
[ -d "$data" ] || exit {MISSING}
if mountpoint -q -- "$place"; then umount -- "$place"; fi
[ ! -e "$place" ] || [ -z "$(ls -A -- "$place")" ] || no "$place holds something that nobody copied to the volume"
idle
hold
show
"""
)


def leave(one: Switch) -> tuple[str, ...]:
    """Takes `use` back: the place is an empty directory, and what is on the volume stays there."""
    return ("sh", "-c", _LEAVE, "leave", *one.words)


_LEAVE = (
    TOOLS
    + """\
[ -e "$receipt" ] || [ -e "$dropin" ] || exit 0
idle
release
if [ -d "$place" ]; then chattr -i -- "$place"; chmod 755 -- "$place"; fi
rm -f -- "$receipt"
"""
)
