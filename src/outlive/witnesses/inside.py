"""From what a machine says of itself to observations. Shared by the witnesses that can log in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from outlive.commands.guest import Guest
from outlive.model.observation import Observation, rfc3339
from outlive.witnesses.base import Pad

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
