"""Who is due to hear of what, now. Pure.

Nothing is planned ahead: at every moment the incidents and what each channel was told give what is due, so that no restart
and no jump of the clock loses a message.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta, tzinfo

from outlive.alerts.troubles import CHANNEL
from outlive.model.incident import Incident, Kind, Told, Urgency
from outlive.model.watching import Window

GROUP = timedelta(seconds=5)  # what begins together is told together
TRY_AGAIN = timedelta(minutes=5)  # by a channel that could not be reached
TEST_AGAIN = timedelta(hours=1)
MORE = timedelta(minutes=1)  # what becomes worse again and again is told so often at the most
REACH = timedelta(days=3)  # an end is told so late at most: quiet hours, or a channel that failed, came between
NIGHT = timedelta(days=1)  # what was over in quiet hours is told when they end, and not of days ago to a new channel


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which only loss of data is told; they may go over midnight."""

    since: time
    until: time
    zone: tzinfo

    def covers(self, now: datetime) -> bool:
        here = now.astimezone(self.zone).time()
        if self.since <= self.until:
            return self.since <= here < self.until
        return here >= self.since or here < self.until


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to somebody. `step` 1 is told at once, the next when nobody has acknowledged for a while, or when those before
    it could not be told. `least`: what is less urgent is not told here."""

    name: str
    step: int = 1
    least: Urgency = Urgency.LOW
    quiet: Quiet | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """How often, and when somebody else."""

    channels: tuple[Channel, ...]
    repeat: timedelta = timedelta(hours=4)
    escalate: timedelta = timedelta(minutes=15)
    test: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Item:
    """One incident, and why it is told."""

    kind: Kind
    incident: Incident


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one channel; without items it is a test."""

    channel: str
    items: tuple[Item, ...] = ()


def due(incidents: Sequence[Incident], policy: Policy, windows: Sequence[Window], now: datetime) -> list[Notice]:
    """One notice a channel, the gravest first in it."""
    notices = []
    for channel in policy.channels:
        items = [Item(kind, one) for one in incidents if (kind := _kind(one, channel, policy, windows, now))]
        if items and not all(_may_be_grouped(item, now) for item in items):
            items.sort(key=lambda item: (-item.incident.trouble.urgency, item.incident.id))
            notices.append(Notice(channel.name, tuple(items)))
    return notices


def to_test(policy: Policy, tried_at: Mapping[str, datetime], deaf: Collection[str], now: datetime) -> list[Notice]:
    """For channels by which nothing was sent for so long that nobody knows whether they work, and sooner for those that
    are `deaf`. `tried_at`: when something was sent last; a moment that has not come yet counts as long ago."""
    notices = []
    for one in policy.channels:
        every = TEST_AGAIN if one.name in deaf else policy.test
        tried = tried_at.get(one.name)
        if tried is None or not timedelta(0) <= now - tried < every:
            notices.append(Notice(one.name))
    return notices


def after(incidents: Iterable[Incident], notices: Sequence[Notice], now: datetime) -> list[Incident]:
    """The incidents as they are when the notices are on their way."""
    found = {one.id: one for one in incidents}
    for notice in notices:
        for item in notice.items:
            one = found[item.incident.id]
            before = one.told.get(notice.channel)
            over = item.kind.is_end
            told = Told(before.first_at if before else now, now, one.trouble.name, one.trouble.sure, over)
            found[one.id] = replace(one, told={**one.told, notice.channel: told})
    return list(found.values())


def delivered(one: Incident, channel: str) -> Incident:
    """The channel works."""
    return replace(one, failed={name: at for name, at in one.failed.items() if name != channel})


def undelivered(one: Incident, channel: str, sent_at: datetime, now: datetime) -> Incident:
    """What the channel was told last, it was not told: that is due again after a while, and others may be told instead."""
    told = dict(one.told)
    if channel in told and told[channel].first_at >= sent_at:
        del told[channel]
    elif channel in told:
        told[channel] = replace(told[channel], name="", over=False)
    return replace(one, told=told, failed={**one.failed, channel: now})


def _may_be_grouped(item: Item, now: datetime) -> bool:
    """Can wait for a moment: perhaps more begins just now."""
    grave = item.incident.trouble.urgency is Urgency.DATA_LOSS
    return item.kind is Kind.OPENED and not grave and timedelta(0) <= now - item.incident.opened_at < GROUP


def _kind(one: Incident, channel: Channel, policy: Policy, windows: Sequence[Window], now: datetime) -> Kind | None:
    told, failed_at = one.told.get(channel.name), one.failed.get(channel.name)
    if failed_at is not None and timedelta(0) <= now - failed_at < TRY_AGAIN:
        return None
    if not _may_hear(one, channel):
        return None
    if _is_quiet(one, channel, now) or _is_announced(one, windows, now):
        return None
    if one.ended_at is not None and told is not None:
        return None if told.over else Kind.RECOVERED
    if one.ended_at is not None:
        return Kind.AFTERWARDS if _was_held_back(one, channel, windows, now) else None
    if told is None:
        return _first(one, channel, policy, now)
    return _next(one, told, policy, now)


def _may_hear(one: Incident, channel: Channel) -> bool:
    """It is urgent enough for the channel, and not about the channel itself."""
    return one.trouble.urgency >= channel.least and one.cause != f"{CHANNEL}:{channel.name}"


def _first(one: Incident, channel: Channel, policy: Policy, now: datetime) -> Kind | None:
    if one.is_acknowledged:
        return None
    if channel.step == 1:
        return Kind.OPENED
    if not _is_reached(one, channel, policy, now):
        return None
    return Kind.ESCALATED if one.told else Kind.OPENED


def _next(one: Incident, told: Told, policy: Policy, now: datetime) -> Kind | None:
    if told.over:
        return Kind.AGAIN
    if told.name != one.trouble.name or (one.trouble.sure and not told.sure):
        return Kind.CHANGED
    if one.worsened_at > told.at and not one.is_acknowledged and now - told.at >= MORE:
        return Kind.CHANGED
    if one.is_acknowledged or now - told.at < policy.repeat:
        return None
    return Kind.REPEATED


def _is_reached(one: Incident, channel: Channel, policy: Policy, now: datetime) -> bool:
    """Nobody has answered for long enough, or nobody could be told."""
    before = [each for each in policy.channels if each.step < channel.step and _may_hear(one, each)]
    if all(each.name in one.failed or _is_quiet(one, each, now) for each in before):
        return True
    first_told = min((told.first_at for told in one.told.values()), default=now)
    return now - first_told >= policy.escalate * (channel.step - 1)


def _is_quiet(one: Incident, channel: Channel, now: datetime) -> bool:
    return one.trouble.urgency < Urgency.DATA_LOSS and channel.quiet is not None and channel.quiet.covers(now)


def _was_held_back(one: Incident, channel: Channel, windows: Sequence[Window], now: datetime) -> bool:
    """It began in the channel's quiet hours, was over before they were, and would have been told by day."""
    if one.ended_at is None or channel.quiet is None or channel.step > 1 or one.is_acknowledged:
        return False
    if one.trouble.urgency < Urgency.HIGH or one.ended_at - one.opened_at < GROUP or now - one.ended_at > NIGHT:
        return False
    return channel.quiet.covers(one.opened_at) and not _is_announced(one, windows, one.opened_at)


def _is_announced(one: Incident, windows: Sequence[Window], now: datetime) -> bool:
    """Somebody works on its host."""
    if one.trouble.urgency is Urgency.DATA_LOSS or one.trouble.host is None:
        return False
    return any(window.host == one.trouble.host and window.covers(now) for window in windows)
