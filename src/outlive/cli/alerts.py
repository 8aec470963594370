"""`outlive alerts`: the ways in which people are told, and whether they work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from outlive.alerts.render import render
from outlive.alerts.send import send
from outlive.alerts.telling import Notice
from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.cli.several import Tally
from outlive.cli.tellers import remembered
from outlive.cli.words import duration, moment
from outlive.clock import SystemClock
from outlive.config.load import load
from outlive.config.schema import Settings
from outlive.config.schema_people import ChannelSettings
from outlive.config.secrets import resolve
from outlive.errors import OutliveError, UsageError
from outlive.model.incident import Delivery, Incident, Sending
from outlive.state.telling import Telling

group = typer.Typer(
    help="The ways in which people are told, and whether they work.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(group, name="alerts")


@group.callback()
def alerts() -> None:
    """The ways in which people are told, and whether they work."""


@group.command("list")
def listing(config: ConfigOption = None, as_json: JsonOption = False) -> int:
    """Show each channel, when something was delivered by it last, and acknowledged. Exit 1 when one reaches nobody, 3
    when one was never tried."""
    settings, now, output = load(config), SystemClock().now(), Output(as_json)
    with remembered(settings) as telling:
        rows = [_channel(one, telling) for one in settings.alerts.channels]
    for row in rows:
        output.console.print(_line(row, now))
    if not rows:
        output.console.print("Nobody is told anything: there is no [[alerts.channels]] in outlive.toml.")
    output.document({"channels": rows, "heartbeat": settings.alerts.heartbeat is not None})
    if not rows or any(row["reaches"] is False for row in rows):
        return 1
    return 3 if any(row["reaches"] is None for row in rows) else 0


@group.command()
def test(
    channels: Annotated[list[str] | None, typer.Argument(help="Channels; all if none.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Send a test by each channel, now. Exit 5 when one could not be delivered."""
    settings, output = load(config), Output(as_json)
    chosen = _chosen(settings, channels or [])
    tally, done = Tally(), list[dict[str, Any]]()

    def one(channel: ChannelSettings) -> None:
        _try(settings, telling, channel)
        output.console.print(f"{channel.name}: delivered to its service; did it arrive?")
        done.append({"channel": channel.name})

    with remembered(settings) as telling:
        tally.each(chosen, lambda channel: channel.name, one)
    failed = [{"channel": failure.pop("asset"), **failure} for failure in tally.failed]
    output.document({"delivered": done, "failed": failed})
    return tally.exit_code


def _try(settings: Settings, telling: Telling, channel: ChannelSettings) -> None:
    """What came of it is remembered: the keeper then knows whether the channel works."""
    now = SystemClock().now()
    text = render(Notice(channel.name), now)
    state, why = Delivery.SENT, ""
    try:
        send(resolve(channel.url, settings.base), text)
    except OutliveError as error:
        state, why = Delivery.FAILED, str(error)
        raise
    finally:
        name = f"test:{channel.name}:{now:%Y%m%dT%H%M%S.%fZ}"
        sending = Sending(name, channel.name, now, text.title, text.body, True, state=state, ended_at=now, why=why)
        telling.remember([], [sending])


def _chosen(settings: Settings, names: Sequence[str]) -> list[ChannelSettings]:
    known = {one.name: one for one in settings.alerts.channels}
    if unknown := [name for name in names if name not in known]:
        hint = f"There {'is' if len(known) == 1 else 'are'}: {', '.join(known) or 'none'}."
        raise UsageError(f"there is no channel {', '.join(unknown)}.", hint=hint)
    if not known:
        raise UsageError("no channel is configured.", hint="Add [[alerts.channels]]: docs/how-to/alerts.md shows how.")
    return [known[name] for name in names] or list(known.values())


def _channel(channel: ChannelSettings, telling: Telling) -> dict[str, Any]:
    last = telling.latest(Delivery.SENT, Delivery.FAILED).get(channel.name)
    sent = telling.latest(Delivery.SENT).get(channel.name)
    acknowledged = [_acknowledged(one) for one in telling.incidents() if channel.name in one.told]
    return {
        "channel": channel.name,
        "step": channel.step,
        "least": channel.least,
        "reaches": None if last is None else last.state is Delivery.SENT,
        "why": last.why or None if last else None,
        "last_delivered_at": sent.ended_at if sent else None,
        "last_acknowledged_at": max(filter(None, acknowledged), default=None),
    }


def _acknowledged(one: Incident) -> datetime | None:
    return one.acknowledged_at


def _line(row: dict[str, Any], now: datetime) -> str:
    at, heard = row["last_delivered_at"], row["last_acknowledged_at"]
    delivered = f"delivered {duration((now - at).total_seconds())} ago" if at else "nothing was ever delivered"
    answered = f"acknowledged {moment(heard)}" if heard else "nobody ever acknowledged"
    state = {True: "works", False: f"REACHES NOBODY: {row['why']}", None: "never tried: outlive alerts test"}
    return f"{row['channel']}: {state[row['reaches']]} ({delivered}; {answered}; step {row['step']}, from {row['least']} on)"
