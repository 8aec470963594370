"""The gate for `plan-guard --named`: one look now, what is remembered, and what a person says in writing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path

from outlive import wiring, wiring_state
from outlive.cli.incident_note import note
from outlive.cli.looking import look, person
from outlive.cli.named import target as target_of_words
from outlive.clock import Clock, SystemClock
from outlive.config.load import load
from outlive.config.schema import Settings
from outlive.errors import UsageError
from outlive.recovery.gate import Condition, Target, Waiver, gate
from outlive.recovery.known import WAIVABLE, Looked, Words, circumstances, host_of
from outlive.recovery.plan_guard import Gate
from outlive.recovery.proven import proven_until
from outlive.state.store import Store
from outlive.state.watching import Watching


@contextmanager
def gate_of(config: Path | None, named: str, waive: Sequence[str]) -> Iterator[Gate]:
    """Asks every address now. Raises `UsageError`, and what the look raises."""
    settings, clock = load(config), SystemClock()
    words = Words(target_of_words(named), _waivers(waive, clock.now()))
    store = wiring_state.store(settings)
    try:
        found = look(settings, clock, Watching(store))
        looked = Looked(clock.now(), found.hosts, found.addresses)
        yield partial(_decide, settings, clock, store, looked, words)
    finally:
        store.close()


def _decide(
    settings: Settings, clock: Clock, store: Store, looked: Looked, words: Words, target: Target
) -> tuple[Condition, ...]:
    host = host_of(target, settings.hosts, looked)
    for what, waiver in words.waivers.items():
        note(store, host, f"{waiver.who} waives {what} for {target}: {waiver.text}", clock.now())
    own = [one for one in settings.assets if one.host == host]
    until = proven_until(wiring.vault(settings, clock), own)
    return gate(
        target, circumstances(target, host, looked, Watching(store).enrolments(host), words, until), clock.now()
    )


def _waivers(waive: Sequence[str], now: datetime) -> dict[str, Waiver]:
    found = {}
    for one in waive:
        what, _, why = one.partition("=")
        if what not in WAIVABLE or not why.strip():
            raise UsageError(f"--waive {one!r}.", hint=f'Write WHAT="WHY"; WHAT is one of {", ".join(WAIVABLE)}.')
        found[what] = Waiver(person(), now, why.strip())
    return found
