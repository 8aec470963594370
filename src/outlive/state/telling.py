"""What the keeper remembers of incidents and of who was told: the same store, its own tables."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from outlive.model.incident import Delivery, Incident, Sending, Told, Trouble
from outlive.model.observation import Observation, moment, rfc3339
from outlive.state.store import Store
from outlive.state.tables import deliveries, events, incidents

_TEXT = ("title", "body", "good", "incidents", "kinds")


class Telling:
    """Raises what the store raises. One keeper writes; `acknowledge` may come from anybody at any time and is never
    overwritten."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # --- incidents -----------------------------------------------------------------------------------------------

    def incidents(self, since: datetime | None = None) -> list[Incident]:
        """All, or those that are open or ended at or after the moment; oldest first."""
        query = sa.select(incidents).order_by(incidents.c.id)
        if since is not None:
            query = query.where(sa.or_(incidents.c.ended_at.is_(None), incidents.c.ended_at >= since))
        with self._store.begin() as connection:
            return [_incident(row) for row in connection.execute(query)]

    def incident(self, number: int) -> Incident | None:
        with self._store.begin() as connection:
            row = connection.execute(sa.select(incidents).where(incidents.c.id == number)).first()
        return None if row is None else _incident(row)

    def next_number(self) -> int:
        with self._store.begin() as connection:
            return (connection.scalar(sa.select(sa.func.max(incidents.c.id))) or 0) + 1

    def acknowledge(self, number: int, by: str, now: datetime) -> bool:
        """Whether there is such an incident."""
        change = sa.update(incidents).where(incidents.c.id == number)
        with self._store.begin() as connection:
            done = connection.execute(change.values(acknowledged_at=now, acknowledged_by=by))
        return done.rowcount > 0

    def release(self, number: int) -> bool:
        """Takes an acknowledgement back; whether there is such an incident."""
        change = sa.update(incidents).where(incidents.c.id == number)
        with self._store.begin() as connection:
            done = connection.execute(change.values(acknowledged_at=None, acknowledged_by=""))
        return done.rowcount > 0

    def remember(self, changed: Iterable[Incident], queued: Iterable[Sending] = ()) -> None:
        """Both or neither: a message is on its way exactly when its incident says so."""
        with self._store.begin() as connection:
            for one in changed:
                same = incidents.c.id == one.id
                if connection.execute(sa.update(incidents).where(same).values(_row(one))).rowcount == 0:
                    connection.execute(sa.insert(incidents).values(id=one.id, **_row(one)))
            for sending in queued:
                connection.execute(sa.insert(deliveries).values(_sending_row(sending)))

    # --- what people noted ---------------------------------------------------------------------------------------

    def note(self, number: int | None, seen: Iterable[Observation], now: datetime) -> int:
        """Adds what is not known yet, to one incident or (None) to all; how many. `learnt_at` is now unless it says."""
        count = 0
        with self._store.begin() as connection:
            for one in seen:
                text = json.dumps(replace(one, observed_at=None).to_json(), sort_keys=True)
                name = sha256(f"{number} {text}".encode()).hexdigest()
                if connection.execute(sa.select(events.c.id).where(events.c.id == name)).first() is None:
                    learnt = one.observed_at or now
                    row = {"id": name, "incident": number, "at": one.at, "learnt_at": learnt, "document": text}
                    connection.execute(sa.insert(events).values(row))
                    count += 1
        return count

    def notes(self, number: int | None = None) -> list[Observation]:
        """Those of one incident and those of all, oldest first."""
        which = sa.or_(events.c.incident.is_(None), events.c.incident == number)
        with self._store.begin() as connection:
            rows = connection.execute(sa.select(events).where(which).order_by(events.c.at, events.c.id)).all()
        return [replace(Observation.from_json(json.loads(row.document)), observed_at=row.learnt_at) for row in rows]

    # --- messages ------------------------------------------------------------------------------------------------

    def queued(self) -> list[Sending]:
        """Those whose end is not known, oldest first."""
        return self._sendings(deliveries.c.state == Delivery.QUEUED)

    def sendings(self, number: int) -> list[Sending]:
        """All about one incident, oldest first."""
        return [one for one in self._sendings() if number in one.incidents]

    def latest(self, *states: Delivery) -> dict[str, Sending]:
        """By channel, the newest of these states; of any when none is named."""
        other = deliveries.alias()
        newest = sa.select(sa.func.max(other.c.at)).where(other.c.channel == deliveries.c.channel)
        if states:
            newest = newest.where(other.c.state.in_(states))
        which = [deliveries.c.state.in_(states)] if states else []
        return {one.channel: one for one in self._sendings(*which, deliveries.c.at == newest.scalar_subquery())}

    def ended(self, sending: str, state: Delivery, why: str, now: datetime) -> None:
        change = sa.update(deliveries).where(deliveries.c.id == sending)
        with self._store.begin() as connection:
            connection.execute(change.values(state=state, why=why, ended_at=now))

    def prune(self, before: datetime) -> None:
        """Forgets what ended before the moment, but for the newest message of each channel."""
        keep = {one.id for one in self.latest().values()} | {one.id for one in self.latest(Delivery.SENT).values()}
        with self._store.begin() as connection:
            connection.execute(sa.delete(incidents).where(incidents.c.ended_at < before))
            old = sa.and_(deliveries.c.ended_at < before, deliveries.c.id.not_in(keep))
            connection.execute(sa.delete(deliveries).where(old))

    def _sendings(self, *which: sa.ColumnElement[bool]) -> list[Sending]:
        query = sa.select(deliveries).where(*which).order_by(deliveries.c.at, deliveries.c.id)
        with self._store.begin() as connection:
            return [_sending(row) for row in connection.execute(query)]


def _row(one: Incident) -> dict[str, Any]:
    document = {
        "trouble": one.trouble.to_json(),
        "worsened_at": rfc3339(one.worsened_at),
        "gone_since": None if one.gone_since is None else rfc3339(one.gone_since),
        "times": one.times,
        "symptoms": list(one.symptoms),
        "failed": {name: rfc3339(at) for name, at in one.failed.items()},
        "told": {name: _told_json(told) for name, told in one.told.items()},
    }
    return {
        "cause": one.cause,
        "opened_at": one.opened_at,
        "ended_at": one.ended_at,
        "document": json.dumps(document),
    }


def _told_json(told: Told) -> dict[str, Any]:
    return {
        "first_at": rfc3339(told.first_at),
        "at": rfc3339(told.at),
        "name": told.name,
        "sure": told.sure,
        "over": told.over,
    }


def _incident(row: Row[Any]) -> Incident:
    document = json.loads(row.document)
    told = {
        name: Told(moment(one["first_at"]), moment(one["at"]), one["name"], one["sure"], one["over"])
        for name, one in document["told"].items()
    }
    gone = document["gone_since"]
    return Incident(
        id=row.id,
        trouble=Trouble.from_json(document["trouble"]),
        opened_at=row.opened_at,
        worsened_at=moment(document["worsened_at"]),
        ended_at=row.ended_at,
        gone_since=None if gone is None else moment(gone),
        times=document["times"],
        symptoms=tuple(document["symptoms"]),
        told=told,
        failed={name: moment(at) for name, at in document["failed"].items()},
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
    )


def _sending_row(one: Sending) -> dict[str, Any]:
    document = {name: getattr(one, name) for name in _TEXT}
    columns = {name: getattr(one, name) for name in ("id", "channel", "at", "state", "ended_at", "why")}
    return {**columns, "document": json.dumps(document)}


def _sending(row: Row[Any]) -> Sending:
    document = json.loads(row.document)
    document |= {"incidents": tuple(document["incidents"]), "kinds": tuple(document["kinds"])}
    return Sending(
        id=row.id,
        channel=row.channel,
        at=row.at,
        state=Delivery(row.state),
        ended_at=row.ended_at,
        why=row.why,
        **document,
    )
