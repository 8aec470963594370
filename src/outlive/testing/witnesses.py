"""What every witness must keep, as functions to be run against yours.

    @pytest.mark.parametrize("promise", WITNESS_CONTRACT, ids=lambda promise: promise.__name__)
    def test_it_keeps_the_contract(promise, my_case):
        promise(my_case)

A `Case` makes the witness in the three worlds that every witness meets: somebody answers, nobody is there, and somebody
takes the question and never answers.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from outlive.model.observation import Channel, Observation
from outlive.witnesses.base import Witness

# The facts of the contract, and the channels by which each may come.
CHANNELS: dict[str, tuple[Channel, ...]] = {
    "ssh.": (Channel.OUTSIDE,),
    "tcp.": (Channel.OUTSIDE,),
    "tls.": (Channel.OUTSIDE,),
    "http.": (Channel.OUTSIDE,),
    "dns.": (Channel.DNS,),
    "guest.": (Channel.INSIDE,),
    "container": (Channel.INSIDE,),
    "log.": (Channel.INSIDE, Channel.TELEMETRY),
    "host.": (Channel.INSIDE,),
    "volume.": (Channel.INSIDE,),
    "pg.": (Channel.DATA,),
    "tofu.": (Channel.PROVIDER,),
}
PATIENCE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Case:
    """`alive`, `dead` and `mute` make the witness in a world (None where that world cannot be: a file is never mute).
    `fact` is the one that it is about; `limit_seconds` is within which its own limits end a look at `mute`."""

    fact: str
    alive: Callable[[], Witness]
    dead: Callable[[], Witness]
    mute: Callable[[], Witness] | None = None
    limit_seconds: float = PATIENCE_SECONDS


Promise = Callable[[Case], None]


def it_reports_what_it_sees(case: Case) -> None:
    """In the vocabulary, by the right channel, with both times; and it says the same to JSON and back."""
    seen = asyncio.run(case.alive().look())
    _well_formed(seen)
    _hold(any(one.fact == case.fact and one.error is None for one in seen), f"it reports {case.fact}")


def nobody_there_is_no_data(case: Case) -> None:
    """Silence is reported as an error, never left out, never as well."""
    seen = asyncio.run(case.dead().look())
    _well_formed(seen)
    _hold(all(one.error is not None for one in seen if one.fact == case.fact), "nobody there is no data")
    _hold(any(one.fact == case.fact for one in seen), f"{case.fact} is told, with its error")


def one_that_never_answers_ends_by_itself(case: Case) -> None:
    """Its own limit ends the look, and what it says then is that there is no data."""
    if case.mute is None:
        return
    began = time.monotonic()
    seen = asyncio.run(case.mute().look())
    _hold(time.monotonic() - began < case.limit_seconds, "its own limit ends the look")
    _well_formed(seen)
    _hold(all(one.error is not None for one in seen if one.fact == case.fact), "no answer is no data")


def being_cut_off_is_no_data(case: Case) -> None:
    """What it says of a look that was cut off from outside."""
    seen = case.alive().blind("no end within 1 s")
    _well_formed(seen)
    _hold(bool(seen), "it says something")
    _hold(all(one.error is not None for one in seen), "being cut off is no data")


def it_can_be_cancelled(case: Case) -> None:
    """A look that hangs lets go when it is told to."""
    if case.mute is None:
        return
    make = case.mute

    async def cancelled() -> bool:
        task = asyncio.ensure_future(make().look())
        await asyncio.sleep(0.2)
        task.cancel()
        await asyncio.wait([task], timeout=PATIENCE_SECONDS)
        return task.done()

    _hold(asyncio.run(cancelled()), "it can be cancelled")


def it_says_what_it_looks_at(case: Case) -> None:
    _hold(len(case.alive().what) > 3, "it names what it looks at")


WITNESS_CONTRACT: tuple[Promise, ...] = (
    it_reports_what_it_sees,
    nobody_there_is_no_data,
    one_that_never_answers_ends_by_itself,
    being_cut_off_is_no_data,
    it_can_be_cancelled,
    it_says_what_it_looks_at,
)


def _well_formed(seen: list[Observation]) -> None:
    _hold(bool(seen), "a look gives at least one observation")
    for one in seen:
        allowed = next((channels for prefix, channels in CHANNELS.items() if one.fact.startswith(prefix)), ())
        _hold(one.channel in allowed, f"{one.fact} comes by {allowed}, not by {one.channel}")
        _hold(one.at.tzinfo is not None and one.observed_at is not None, "both times are told, and aware")
        _hold(
            Observation.from_json(json.loads(json.dumps(one.to_json()))).to_json() == one.to_json(), "it survives JSON"
        )
        _hold(one.error is None or one.error != "", "an error has a word")


def _hold(true: bool, what: str) -> None:
    if not true:
        raise AssertionError(f"broken promise: {what}")
