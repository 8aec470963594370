"""`outlive identity [HOST] --history`: what changed in the providers' projects and drifted, from memory. Nobody is asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from outlive.cli.app import Output
from outlive.cli.words import moment
from outlive.config.schema import Settings
from outlive.model.stretch import Stretch
from outlive.state.watching import Watching
from outlive.watch.project_sight import FOUND


def tell(settings: Settings, memory: Watching, now: datetime, hosts: Collection[str], output: Output) -> int:
    """Exit 0: what was is no finding of now, and `check` says what is."""
    days = settings.watch.keep_days
    found = history(memory.stretches(now - timedelta(days=days)), hosts)
    output.document({"history": found})
    if not output.as_json:
        for line in lines(found, days):
            output.console.print(line)
    return 0


def history(stretches: Iterable[Stretch], hosts: Collection[str]) -> list[dict[str, Any]]:
    """Oldest first, each with its first and last sight. What concerns no host in particular (drift, orphans, credit) is
    everybody's."""
    told = [one for one in stretches if one.last.fact == FOUND]
    ours = [one for one in told if one.last.value.get("host") is None or one.last.value["host"] in hosts]
    return [_entry(one) for one in sorted(ours, key=lambda one: (one.first.at, one.key))]


def lines(found: list[dict[str, Any]], days: float) -> Iterator[str]:
    if not found:
        yield f"Nothing of the providers or of drift is remembered of the last {days:g} days."
    for one in found:
        until = f" to {moment(one['to'])}" if one["to"] > one["from"] else ""
        yield f"{moment(one['from'])}{until}  {'ALARM' if one['alarm'] else 'note'}: {one['by']}: {one['what']}"


def _entry(one: Stretch) -> dict[str, Any]:
    bare = {name: value for name, value in one.last.value.items() if name != "id"}
    return {"from": one.first.at, "to": one.last.at, "by": one.last.witness} | bare
