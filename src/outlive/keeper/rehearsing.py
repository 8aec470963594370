"""Whether a rehearsal that is due may begin: asked of the keeper's memory."""

from __future__ import annotations

from outlive.keeper.schedule import Job
from outlive.model.schedule import REHEARSAL
from outlive.recovery.rehearsal import waits_for
from outlive.state.recovering import Recovering
from outlive.state.store import Store
from outlive.state.telling import Telling


def waits(job: Job, store: Store) -> str:
    """Why the job has to wait, in words; "" for every job that is no rehearsal. Raises what the memory raises."""
    kind, _, host = job.name.partition(":")
    if kind != REHEARSAL:
        return ""
    journal = Recovering(store)
    runs = [(one, journal.entries(one.id)) for one in journal.recoveries() if not one.rehearsal]
    return waits_for(host, runs, Telling(store).incidents())
