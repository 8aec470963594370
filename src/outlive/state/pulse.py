"""Whether anything happened that somebody who looks on should see: a few counts, not the things themselves."""

from __future__ import annotations

from collections.abc import Hashable

import sqlalchemy as sa

from outlive.state.store import Store
from outlive.state.tables import blind, deliveries, events, incidents, outcomes, recovery_journal, verdicts

_FELT = (
    (outcomes, outcomes.c.ended_at),
    (verdicts, verdicts.c.since),
    (incidents, incidents.c.ended_at),
    (incidents, incidents.c.acknowledged_at),
    (deliveries, deliveries.c.ended_at),
    (events, events.c.learnt_at),
    (blind, blind.c.until),
    (recovery_journal, recovery_journal.c.at),
)
_QUERY = sa.select(
    *(
        sa.select(sa.func.count()).select_from(table).scalar_subquery()
        for table in dict.fromkeys(one for one, _ in _FELT)
    ),
    *(sa.select(sa.func.count(column)).scalar_subquery() for _, column in _FELT),
    *(sa.select(sa.func.max(column)).scalar_subquery() for _, column in _FELT),
)


def pulse(store: Store) -> Hashable:
    """Another value when a run ended, a verdict changed, an incident began, ended or was seen to, somebody was told or noted
    something, sight was lost or found, or a recovery went on. Raises what the store raises."""
    with store.begin() as connection:
        return tuple(connection.execute(_QUERY).one())
