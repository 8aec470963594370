"""The files that say how a stack is run: compose files, `.env`, Caddyfile, OpenTofu state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from outlive.clock import Clock
from outlive.errors import SourceFailed
from outlive.model.asset import ConfigAsset
from outlive.sources import tarball
from outlive.sources.base import Capture, Lineage
from outlive.sources.place import on_host
from outlive.transport.base import AS_ROOT, Shell


class ConfigSource:
    """Copies the named files and directories with the host's GNU tar. One that is missing fails the copy: a copy that
    silently lacks the `.env` is found out on the worst of days."""

    def __init__(self, asset: ConfigAsset, shell: Shell, clock: Clock) -> None:
        self._asset = asset
        self._shell = shell
        self._clock = clock

    def identify(self) -> Lineage:
        """The host and the paths: these files are edited and replaced, so their inodes mean nothing."""
        asked = self._shell.run(("cat", "/etc/machine-id"))
        machine = asked.text.strip() if asked.status == 0 else self._shell.name
        return tarball.lineage("config", {"paths": str(len(self._paths))}, machine, *self._paths)

    @contextmanager
    def capture(self) -> Iterator[Capture]:
        thing = self.identify()
        self._check_all_there()
        names = tuple(path.lstrip("/") or "." for path in self._paths)
        job = tarball.TarJob(place=on_host(self._shell), root="/", host_root="/", names=names, look_inside=False)
        with tarball.capture(job, thing, self._clock) as capture:
            yield capture

    @property
    def _paths(self) -> tuple[str, ...]:
        return tuple(sorted(set(self._asset.paths)))

    def _check_all_there(self) -> None:
        script = 'for path; do [ -e "$path" ] || [ -L "$path" ] || printf "%s\\n" "$path"; done'
        missing = self._shell.run(("sh", "-c", script, "look", *self._paths)).check(self._shell.name).text.splitlines()
        if missing:
            raise SourceFailed(
                f"{self._shell.name} does not have {', '.join(missing)}, or its login may not look there.",
                hint=f"Correct `paths` of this asset in outlive.toml. Or: {AS_ROOT}",
            )
