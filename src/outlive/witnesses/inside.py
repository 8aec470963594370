"""From what a machine says of itself to observations; and the witness of this very machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from outlive.clock import Clock
from outlive.commands.guest import Guest, look, read_look
from outlive.errors import CommandFailed
from outlive.model.observation import Channel, Observation, rfc3339
from outlive.transport import aprocess
from outlive.witnesses.base import Pad

LOCAL_SECONDS = 10.0
# What the file at a place (a volume's name, "" for the root disk) with this first line is: ok, missing, foreign or old;
# None when nothing was planted there and nothing was found.
MarkerState = Callable[[str, str], str | None]


def told(pad: Pad, guest: Guest, marker_state: MarkerState) -> Iterator[Observation]:
    """The facts of the vocabulary, and those beyond it that people want to see."""
    now = pad.clock.now()
    for fact, value in guest.facts.items():
        yield pad.note(f"guest.{fact}", value)
    if (booted := guest.booted_at(now)) is not None:
        yield pad.note("guest.boot_time", rfc3339(booted))
    if guest.clock is not None:
        yield pad.note("guest.skew_seconds", round((guest.clock - now).total_seconds()))
    if guest.addresses:
        yield pad.note("guest.addresses", list(guest.addresses))
    for volume, at in guest.volumes.items():
        yield pad.note("volume.created_at", {"volume": volume, "at": rfc3339(at)})
    for place, line in guest.markers.items():
        state = marker_state(place, line)
        if state is not None and place:
            yield pad.note("volume.marker", {"volume": place, "state": state})
        elif state is not None:
            yield pad.note("guest.marker", state)


class LocalWitness:
    """This machine as a host: there is no outside to it."""

    def __init__(self, host: str, clock: Clock, marker_state: MarkerState, volumes: Sequence[str] = ()) -> None:
        self._pad = Pad("local", Channel.INSIDE, host, clock)
        self._marker_state = marker_state
        self._volumes = tuple(volumes)

    @property
    def what(self) -> str:
        return f"{self._pad.subject}, which is this machine"

    async def look(self) -> list[Observation]:
        try:
            done = await aprocess.run(look(self._volumes), timeout_seconds=LOCAL_SECONDS)
            return list(told(self._pad, read_look(done.text), self._marker_state))
        except (CommandFailed, ValueError) as error:
            return self.blind(str(error))

    def blind(self, why: str) -> list[Observation]:
        return [self._pad.no_data("guest.machine_id", "unreachable", why)]
