"""A look at a real server, recorded: `python -m tests.survey.recording` makes tests/recorded/web-1 anew.

Each answer is a file, named by what was asked. Secrets that the test world made are replaced by `SECRET`, so that a test
can say that none of them gets through.
"""

from __future__ import annotations

import platform
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from outlive.commands import caddy, system, system_files
from outlive.commands.ssh import SshPaths
from outlive.model.host import Host
from outlive.survey import postgres_facts
from outlive.survey.look import look
from outlive.transport.base import Completed, Running, Shell
from outlive.transport.ssh import SshShell

FOLDER = Path(__file__).parent.parent / "recorded" / "web-1"
ADDRESS = "ssh://root@web-1"
WANTED = ("/srv/extra",)
SECRET = "recorded-secret"
KERNEL = "6.1.0-28-amd64"

SCRIPTS = {
    system.facts()[2]: "facts",
    system_files.weigh((), seconds_each=1)[2]: "weigh",
    system_files.data_files((), seconds_each=1)[2]: "data_files",
    system_files.config_files(())[2]: "config_files",
    caddy.sites(())[2]: "sites",
}
QUESTIONS = {
    postgres_facts.VERSION: "version",
    postgres_facts.IDENTIFIER: "identifier",
    postgres_facts.cluster(170000): "cluster",
    postgres_facts.EXTENSIONS: "extensions",
}

# What runs beside the stack of tests/world/stack, so that every kind of thing is met once.
NEIGHBOURS = f"""
mkdir -p /srv/media /opt/tool /var/www/site
echo hi >/srv/media/a; echo x >/opt/tool/b; head -c 10000 /dev/zero >/var/www/site/index.html
for volume in orphan cache; do docker volume create $volume; done
docker volume create --opt type=tmpfs --opt device=tmpfs --opt o=size=1m ram
docker volume create --opt type=nfs --opt o=addr=203.0.113.7,rw --opt device=:/export share
fill='echo REDIS0009 >/c/dump.rdb; mkdir /c/appendonlydir; echo >/c/appendonlydir/a.aof'
docker run --rm -v cache:/c outlive-test/busybox:latest sh -c "$fill"
docker run -d --name kv -v cache:/c outlive-test/busybox:latest sleep 100000
docker run -d --name tools -e API_TOKEN={SECRET} -v /data -v app_uploads:/in:ro \\
  -v /var/run/docker.sock:/var/run/docker.sock -v /etc/hostname:/h:ro -v /:/host:ro -v /srv/media:/media \\
  --tmpfs /scratch outlive-test/busybox:latest sleep 100000
docker run --name old-db -d -e POSTGRES_PASSWORD={SECRET} -v old_pgdata:/var/lib/postgresql/data outlive-test/postgres:17
until docker logs old-db 2>&1 | grep -q 'ready to accept'; do sleep 0.2; done; docker stop old-db
"""


def label(argv: Sequence[str]) -> str:
    """The name of the file with the answer to `argv`."""
    if argv[0] == "sh":
        return SCRIPTS[argv[2]]
    if argv[1] != "exec":
        return "-".join(word for word in argv[:3] if not word.startswith("-"))
    if "psql" not in argv:
        return "relays"
    name = QUESTIONS[argv[-1]]
    return f"psql-{name}-{argv[argv.index('-d') + 1]}" if name == "extensions" else f"psql-{name}"


class Replay:
    """A host that gives the recorded answers. Nothing can be streamed from it, so no replication is had there."""

    name = "web-1"

    def __init__(self, **changed: str) -> None:
        """`changed` replaces answers: `docker_version=""`."""
        self._changed = {name.replace("_", "-"): text for name, text in changed.items()}

    def command(self, argv: Sequence[str]) -> tuple[str, ...]:
        return ("false",)

    def forward(self, address: str, port: int) -> tuple[str, ...]:
        return ("false",)

    def run(self, argv: Sequence[str], *, stdin: bytes | None = None, timeout_seconds: float = 60) -> Completed:
        name = label(argv)
        if name in self._changed:
            return Completed(tuple(argv), 1, b"", self._changed[name])
        return Completed(tuple(argv), 0, answer(name).encode(), "")

    def open(self, argv: Sequence[str], *, stdin: bool = False) -> Running:
        raise NotImplementedError


def answer(name: str) -> str:
    """A recorded answer."""
    return (FOLDER / f"{name}.txt").read_text()


class Recorder:
    """A shell that writes every first answer down."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.name = shell.name

    def command(self, argv: Sequence[str]) -> tuple[str, ...]:
        return self._shell.command(argv)

    def forward(self, address: str, port: int) -> tuple[str, ...]:
        return self._shell.forward(address, port)

    def open(self, argv: Sequence[str], *, stdin: bool = False) -> Running:
        return self._shell.open(argv, stdin=stdin)

    def run(self, argv: Sequence[str], *, stdin: bytes | None = None, timeout_seconds: float = 60) -> Completed:
        done = self._shell.run(argv, stdin=stdin, timeout_seconds=timeout_seconds)
        path = FOLDER / f"{label(argv)}.txt"
        if not path.exists():
            path.write_text(_clean(done.text))
        return done


def _clean(text: str) -> str:
    text = re.sub(r"(POSTGRES_PASSWORD=)[^\"]+", rf"\g<1>{SECRET}", text)
    return text.replace(platform.release(), KERNEL)


def record() -> None:
    from tests.world.docker import DockerEngine
    from tests.world.machine import Machine

    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    engine = DockerEngine().start()
    machine = Machine(engine)
    try:
        machine.start()
        machine.ssh("sh -eus >/dev/null 2>&1", input=NEIGHBOURS.encode())
        host = Host(name="web-1", address="ssh://web-1", ssh_config=str(machine.config))
        shell = SshShell(host, SshPaths(machine.known_hosts, machine.home / "control"))
        look(Recorder(shell), ADDRESS, wanted=WANTED)
        shell.close()
    finally:
        machine.close()
        engine.close()


if __name__ == "__main__":
    record()
