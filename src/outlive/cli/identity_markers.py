"""`outlive identity --plant-markers` and `--remove-markers`: the one thing that looking ever writes on a host."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from outlive import wiring, wiring_watch
from outlive.cli.app import Output
from outlive.clock import Clock
from outlive.commands import guest
from outlive.config.schema import Settings
from outlive.model.asset import DockerVolumeAsset
from outlive.model.host import Host
from outlive.model.watching import Planted
from outlive.state.watching import Watching
from outlive.watch.markers import TOKEN_BYTES, tag

Act = Callable[[Host, str], None]


def plant(settings: Settings, clock: Clock, memory: Watching, hosts: Sequence[Host], output: Output, *, by: str) -> int:
    """A new random marker at every place; an earlier one of ours is known as old from then on."""
    key = wiring_watch.marker_key(settings, secrets.token_bytes)
    assert key is not None

    def act(host: Host, place: str) -> None:
        token = secrets.token_hex(TOKEN_BYTES)
        shell = wiring.host_shell(settings, host)
        shell.run(guest.plant(place), stdin=f"{token}\n".encode()).check(f"planting {guest.marker_path(place)}")
        memory.plant(Planted(host.name, place, tag(key, token), clock.now(), by))

    return _everywhere(settings, hosts, output, "planted", act)


def remove(
    settings: Settings, clock: Clock, memory: Watching, hosts: Sequence[Host], output: Output, *, by: str
) -> int:
    """Every marker that we planted on the hosts."""

    def act(host: Host, place: str) -> None:
        shell = wiring.host_shell(settings, host)
        shell.run(guest.remove(place)).check(f"removing {guest.marker_path(place)}")
        for one in memory.planted():
            if (one.host, one.place) == (host.name, place) and one.removed_at is None:
                memory.plant(replace(one, removed_at=clock.now()))

    return _everywhere(settings, hosts, output, "removed", act)


def _everywhere(settings: Settings, hosts: Sequence[Host], output: Output, word: str, act: Act) -> int:
    """Raises with the first that fails; what was done before is in the memory."""
    done: list[dict[str, Any]] = []
    for host in hosts:
        for place in ("", *_volumes(settings, host)):
            act(host, place)
            done.append({"host": host.name, "place": place or "root disk", "path": guest.marker_path(place)})
            if not output.as_json:
                output.console.print(f"{host.name}: {word} {guest.marker_path(place)}")
    output.document({word: done})
    return 0


def _volumes(settings: Settings, host: Host) -> list[str]:
    return [one.volume for one in settings.assets if isinstance(one, DockerVolumeAsset) and one.host == host.name]
