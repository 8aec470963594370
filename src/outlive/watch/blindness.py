"""Is it the host that cannot be seen, or is it the keeper that cannot see? Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import median

from outlive.model.observation import Channel, Observation

OK, NO_NETWORK, CLOCK_SKEW, LOCKED = "ok", "no_network", "clock_skew", "locked"
SKEW_SECONDS = 60.0
_SILENT = ("timeout", "unreachable", "connect_timeout", "dns")


def silent(seen: Iterable[Observation]) -> bool:
    """Whether a look from outside got no sign of anything at the other end."""
    looks = [one for one in seen if one.channel in (Channel.OUTSIDE, Channel.DNS)]
    return bool(looks) and all(one.error in _SILENT for one in looks)


def answered(seen: Iterable[Observation]) -> bool:
    """Whether anybody at all answered, be it with a refusal: then the network is there."""
    return any(one.channel is Channel.OUTSIDE and one.error not in _SILENT for one in seen)


def network(canaries: Iterable[bool]) -> str | None:
    """From who of the canaries answered; None when there are none, so that nobody can tell."""
    told = list(canaries)
    return None if not told else OK if any(told) else NO_NETWORK


def clock(skews: Mapping[str, float]) -> str | None:
    """From how far others' clocks are ahead of ours, by whose they are. One alone may be wrong itself: None."""
    if len(skews) < 2:
        return None
    middle = median(skews.values())
    agreed = all(one * middle > 0 and abs(one) > SKEW_SECONDS / 2 for one in skews.values())
    return CLOCK_SKEW if agreed and abs(middle) > SKEW_SECONDS else OK


def worst(states: Iterable[str | None]) -> str | None:
    """The first that is not well; else that all is, as far as anything is known."""
    told = [one for one in states if one is not None]
    return next((one for one in told if one != OK), told[0] if told else None)


def skews(seen: Iterable[Observation]) -> dict[str, float]:
    """How far clocks elsewhere are ahead, by the machine (its address) that told."""
    found = {}
    for one in seen:
        if one.fact == "guest.skew_seconds" and isinstance(one.value, int | float):
            found[one.subject] = float(one.value)
        elif one.fact == "http.response" and isinstance(one.value, dict) and "skew_seconds" in one.value:
            found[str(one.value.get("remote_address", one.subject))] = float(one.value["skew_seconds"])
    return found
