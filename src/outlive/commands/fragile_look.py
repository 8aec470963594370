"""What makes a stack fragile, asked of its host in one command that only reads; and how its answer is read.

Of each container only what is named here leaves the host: no environment, no labels but compose's own. Of root's keys only
how many there are, and how many of them may come from anywhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_LABEL = '{{json (index .Config.Labels "com.docker.compose.%s")}}'
_INSPECT = (
    '{"id":{{json .ID}},"name":{{json .Name}},"image":{{json .Config.Image}},"memory":{{.HostConfig.Memory}},'
    '"policy":{{json .HostConfig.RestartPolicy.Name}},"restarts":{{.RestartCount}},'
    '"log":{{json .HostConfig.LogConfig.Type}},"log_size":{{json (index .HostConfig.LogConfig.Config "max-size")}},'
    '"ports":{{json .HostConfig.PortBindings}},"health":{{json .Config.Healthcheck}},"mounts":{{json .Mounts}},'
    f'"project":{_LABEL % "project"},"service":{_LABEL % "service"},"files":{_LABEL % "project.config_files"}}}'
)
_LOOK = r"""
ids=$(docker ps --quiet --no-trunc) || exit 1
[ "$ids" ] && docker container inspect --format 'INSPECT' $ids | while IFS= read -r v; do printf 'container\t%s\n' "$v"; done
exec 2>/dev/null
[ "$ids" ] && docker container inspect --format '{{.ID}} {{.LogPath}}' $ids | while read -r id path; do
  [ "$path" ] && printf 'log\t%s\t%s\n' "$id" "$(stat -c %s "$path")"; done
for id in $ids; do for group in system.slice/docker-$id.scope docker/$id; do
  for file in /sys/fs/cgroup/$group/memory.stat /sys/fs/cgroup/memory/$group/memory.stat; do
    [ -r "$file" ] && while read -r name count; do case $name in anon|shmem|total_rss|total_shmem)
      printf 'used\t%s\t%s\n' "$id" "$count";; esac; done <"$file"
  done; done; done
root=$(docker info --format '{{.DockerRootDir}}')
df -P -k / "$root" | while read -r device rest; do printf 'device\t%s\n' "$device"; done
printf 'data_root\t%s\n' "$root"
sshd -T | while read -r name value; do case $name in permitrootlogin|passwordauthentication)
  printf 'sshd\t%s\t%s\n' "$name" "$value";; esac; done
if [ -r /root/.ssh/authorized_keys ]; then while IFS= read -r v || [ "$v" ]; do case $v in ''|'#'*) ;;
  from=*|*,from=*|*' from='*) printf 'key\tbound\n';; *) printf 'key\topen\n';; esac; done </root/.ssh/authorized_keys; fi
printf 'end\t\n'
"""


@dataclass(frozen=True, slots=True)
class Service:
    """A container that runs. `limit_bytes` 0: none. `used_bytes`: what it cannot give back now (anonymous and shared
    memory), None where the kernel does not tell. `published`: (address of the host, its port, the container's port)."""

    name: str
    image: str = ""
    limit_bytes: int = 0
    used_bytes: int | None = None
    policy: str = ""
    restarts: int = 0
    has_health_check: bool = False
    log_driver: str = ""
    log_is_bounded: bool = False
    log_bytes: int | None = None
    published: tuple[tuple[str, int, int], ...] = ()
    volumes: tuple[str, ...] = ()
    compose_file: str = ""


@dataclass(frozen=True, slots=True)
class Fragile:
    """`data_on_root`: Docker's data lies on the root file system; None where nobody told. `root_login`: sshd's word."""

    services: tuple[Service, ...] = ()
    data_root: str = ""
    data_on_root: bool | None = None
    root_login: str = ""
    password_login: str = ""
    open_keys: int = 0
    bound_keys: int = 0


def look() -> tuple[str, ...]:
    return ("sh", "-c", _LOOK.replace("INSPECT", _INSPECT))


def read_look(text: str) -> Fragile:
    """Raises ValueError when it was cut off, or is no answer of that command."""
    lines = [line.split("\t") for line in text.splitlines()]
    if not lines or lines[-1][0] != "end":
        raise ValueError("the host did not answer as Docker's command line does")
    sizes = {kind: _sizes(lines, kind) for kind in ("log", "used")}
    services = [_service(_json(line), sizes) for line in lines if line[0] == "container"]
    devices = [line[1] for line in lines if line[0] == "device" and len(line) == 2 and line[1] != "Filesystem"]
    sshd = {line[1]: line[2] for line in lines if line[0] == "sshd" and len(line) == 3}
    keys = [line[1] for line in lines if line[0] == "key" and len(line) == 2]
    return Fragile(
        services=tuple(sorted(services, key=lambda one: one.name)),
        data_root=next((line[1] for line in lines if line[0] == "data_root" and len(line) == 2), ""),
        data_on_root=devices[0] == devices[1] if len(devices) == 2 else None,
        root_login=sshd.get("permitrootlogin", ""),
        password_login=sshd.get("passwordauthentication", ""),
        open_keys=keys.count("open"),
        bound_keys=keys.count("bound"),
    )


def _sizes(lines: Sequence[Sequence[str]], kind: str) -> dict[str, int]:
    """By container; what is told in several parts comes to its sum."""
    sizes: dict[str, int] = {}
    for line in lines:
        if line[0] == kind and len(line) == 3 and re.fullmatch("[0-9]{1,18}", line[2]):
            sizes[line[1]] = sizes.get(line[1], 0) + int(line[2])
    return sizes


def _json(line: Sequence[str]) -> dict[str, Any]:
    found = json.loads("\t".join(line[1:]))
    if not isinstance(found, dict):
        raise ValueError("Docker gave no object")
    return found


def _service(one: dict[str, Any], sizes: dict[str, dict[str, int]]) -> Service:
    project, service, name = (str(one.get(key) or "") for key in ("project", "service", "name"))
    check = one.get("health")
    test = check.get("Test") if isinstance(check, dict) else None
    mounts = [mount for mount in one.get("mounts") or () if isinstance(mount, dict)]
    return Service(
        name=f"{project}/{service}" if project and service else name.lstrip("/"),
        image=str(one.get("image") or ""),
        limit_bytes=_count(one.get("memory")),
        used_bytes=sizes["used"].get(str(one.get("id"))),
        policy=str(one.get("policy") or ""),
        restarts=_count(one.get("restarts")),
        has_health_check=isinstance(test, list) and test[:1] not in ([], ["NONE"]),
        log_driver=str(one.get("log") or ""),
        log_is_bounded=bool(one.get("log_size")),
        log_bytes=sizes["log"].get(str(one.get("id"))),
        published=tuple(_published(one.get("ports"))),
        volumes=tuple(
            str(mount.get("Name")) for mount in mounts if mount.get("Type") == "volume" and mount.get("Name")
        ),
        compose_file=str(one.get("files") or "").partition(",")[0],
    )


def _published(ports: Any) -> list[tuple[str, int, int]]:
    found = []
    for inner, bindings in ports.items() if isinstance(ports, dict) else ():
        for one in bindings if isinstance(bindings, list) else ():
            outer = str(one.get("HostPort") or "") if isinstance(one, dict) else ""
            port = str(inner).partition("/")[0]
            if re.fullmatch("[0-9]{1,5}", port) and re.fullmatch("[0-9]{0,5}", outer):
                found.append((str(one.get("HostIp") or ""), int(outer or 0), int(port)))
    return found


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
