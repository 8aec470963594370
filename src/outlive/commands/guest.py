"""Which machine is this, asked from the inside in one cheap command, and how its answer is read.

The script is POSIX sh and starts one program (`stat`): what it costs the host is the start of a shell, about a
millisecond a program, and one byte a read. It needs no root, but says more with it. What is not there is not told.
`full` adds what costs more and changes seldom.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from outlive.commands.ssh import fingerprint

ROOT_MARKER = "/var/lib/outlive-marker"
VOLUME_MARKER = ".outlive-marker"
VOLUMES = "/var/lib/docker/volumes"
ANONYMOUS = 64  # letters of the name of a volume that nobody named
MOST_VOLUMES = 50
_LONGEST_SECONDS = 1e10  # three centuries: what is more was made up

# `say` prints a file's first line. Docker before 23 keeps its engine's id beside a private key, which is left where it is.
# The root file system's device is compared with the links of /dev/disk/by-uuid (`-ef`: the same file). Anything below /proc
# is made when it is looked at, so its age is the clock.
_LOOK = r"""
exec 2>/dev/null
say() { v=; IFS= read -r v <"$2"; [ "$v" ] && printf '%s\t%s\n' "$1" "$v"; }
marker() { if [ -r "$2" ]; then v=; IFS= read -r v <"$2"; printf 'marker\t%s\t%s\n' "$1" "${v:--}"
  elif [ -x "$3" ] && ! [ -e "$2" ]; then printf 'marker\t%s\t\n' "$1"; fi; }
full=$1; shift
say hostname /proc/sys/kernel/hostname
say machine_id /etc/machine-id
say boot_id /proc/sys/kernel/random/boot_id
say uptime /proc/uptime
say dmi_uuid /sys/class/dmi/id/product_uuid
say dmi_serial /sys/class/dmi/id/product_serial
say instance_id /var/lib/cloud/data/instance-id
say docker_engine_id /var/lib/docker/engine-id
v=; IFS= read -r v </etc/docker/key.json
case $v in *'"kid":"'*) v=${v#*'"kid":"'}; printf 'docker_engine_id\t%s\n' "${v%%'"'*}";; esac
while read -r device place rest; do [ "$place" = / ] && break; done </proc/mounts
case $device in /dev/*) for link in /dev/disk/by-uuid/*; do
  [ "$link" -ef "$device" ] && printf 'root_fs_uuid\t%s\n' "${link##*/}"; done;; esac
if [ -r ~/.ssh/authorized_keys ]; then printf 'keys\t\n'
  while IFS= read -r v || [ "$v" ]; do printf 'key\t%s\n' "$v"; done <~/.ssh/authorized_keys; fi
for type in ed25519 ecdsa rsa; do say host_key /etc/ssh/ssh_host_${type}_key.pub; done
marker '' ROOT_MARKER /var/lib
for volume; do d="VOLUMES/$volume/_data"; marker "$volume" "$d/VOLUME_MARKER" "$d"; done
stat -c 'stat	%Z	%n' /proc/self/stat VOLUMES/*/
if [ "$full" = full ]; then
  ip -o addr show scope global | while read -r n dev kind address rest; do printf 'address\t%s\n' "${address%%/*}"; done
  printf 'slow_docker_engine_id\t%s\n' "$(docker info --format '{{.ID}}')"
  printf 'slow_root_fs_uuid\t%s\n' "$(findmnt -no UUID /)"
fi
printf 'end\t\n'
"""


# In one step, so that no look meets half a marker; readable for its owner alone.
_PLANT = r"""
umask 077
IFS= read -r token && [ "$token" ] && printf '%s
' "$token" >"$1.new" && mv -f "$1.new" "$1" && sync
"""


@dataclass(frozen=True, slots=True)
class Guest:
    """What a machine says of itself. `facts` has the words of the vocabulary without `guest.`; only what it told.

    `uptime_seconds` counts from its boot, `clock` is its own wall clock (to the second). `markers` are the first lines of
    the files we planted: by volume, "" for the root disk; "" when the place was seen and nothing is there. `host_keys`
    are the fingerprints of the keys that lie in /etc/ssh.
    """

    facts: dict[str, str]
    uptime_seconds: float | None = None
    clock: datetime | None = None
    addresses: tuple[str, ...] = ()
    volumes: dict[str, datetime] = field(default_factory=dict)
    markers: dict[str, str] = field(default_factory=dict)
    host_keys: tuple[str, ...] = ()

    def booted_at(self, now: datetime) -> datetime | None:
        """By our clock, to the second."""
        if self.uptime_seconds is None:
            return None
        return (now - timedelta(seconds=self.uptime_seconds)).replace(microsecond=0)


def look(volumes: Sequence[str], *, full: bool = False) -> tuple[str, ...]:
    """The command; `volumes` are those in which a marker is looked for."""
    script = _LOOK.replace("ROOT_MARKER", ROOT_MARKER).replace("VOLUME_MARKER", VOLUME_MARKER)
    return ("sh", "-c", script.replace("VOLUMES", VOLUMES), "sh", "full" if full else "-", *volumes)


def marker_path(place: str) -> str:
    """Where the marker of a volume is, or ("") that of the root disk."""
    return f"{VOLUMES}/{place}/_data/{VOLUME_MARKER}" if place else ROOT_MARKER


def plant(place: str) -> tuple[str, ...]:
    """Writes the marker, which comes on stdin: an argument would be seen by everybody there."""
    return ("sh", "-c", _PLANT, "sh", marker_path(place))


def remove(place: str) -> tuple[str, ...]:
    return ("rm", "-f", "--", marker_path(place))


def read_look(text: str) -> Guest:
    """From `look`. Raises ValueError when it is something else, or was cut off."""
    lines = [line.split("\t") for line in text.splitlines()]
    if not lines or lines[-1][0] != "end":
        raise ValueError("the host did not answer as a POSIX shell does")
    told: dict[str, list[str]] = {}
    for line in lines:
        told.setdefault(line[0], []).append(line[-1].strip())
    uptime = told.get("uptime", [""])[0].partition(" ")[0]
    seconds = float(uptime) if uptime else None
    clock, volumes = _stats(lines)
    return Guest(
        facts=dict(_facts(told)),
        uptime_seconds=seconds if seconds is not None and 0 <= seconds < _LONGEST_SECONDS else None,
        clock=clock,
        addresses=tuple(told.get("address", ())),
        volumes=volumes,
        markers={line[1]: line[2] for line in lines if line[0] == "marker" and len(line) == 3},
        host_keys=tuple(_fingerprint(key) for key in told.get("host_key", ())),
    )


def _fingerprint(line: str) -> str:
    """Of a public key's line (type, key, comment); "" for anything else."""
    with suppress(IndexError, ValueError):
        return fingerprint(line.split()[1])
    return ""


def _facts(told: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    for fact in ("hostname", "machine_id", "boot_id", "dmi_serial", "instance_id"):
        if value := told.get(fact, [""])[0]:
            yield fact, value
    if uuid := told.get("dmi_uuid", [""])[0]:
        yield "dmi_uuid", uuid.lower()
    for fact in ("docker_engine_id", "root_fs_uuid"):
        if value := next((one for one in (*told.get(fact, ()), *told.get(f"slow_{fact}", ())) if one), ""):
            yield fact, value
    if "keys" in told:
        keys = sorted(line for line in told.get("key", ()) if line and not line.startswith("#"))
        yield "authorized_keys", f"sha256:{sha256(chr(10).join(keys).encode()).hexdigest()}"


def _stats(lines: list[list[str]]) -> tuple[datetime | None, dict[str, datetime]]:
    """The clock, and when each volume that somebody named was made: its folder changes with the volume only, not with what
    is written into it (Docker's own CreatedAt does, before version 23)."""
    clock: datetime | None = None
    volumes: dict[str, datetime] = {}
    for line in lines:
        if line[0] != "stat" or len(line) != 3 or not re.fullmatch("[0-9]{1,11}", line[1]):
            continue
        at, name = datetime.fromtimestamp(int(line[1]), UTC), line[2].rstrip("/").rpartition("/")[2]
        if line[2].startswith("/proc/"):
            clock = at
        elif len(name) != ANONYMOUS and len(volumes) < MOST_VOLUMES:
            volumes[name] = at
    return clock, volumes
