"""The machine is the same, and the data on it is not.

A volume was wiped or a database created anew under a machine that is otherwise as before: another system identifier,
a marker that is missing or foreign, a volume made at another time than the one we knew (research/watch.md 3.2, Postgres
rows). An empty database answers every health check. The two channels are the machine's (it is the same) and the data's (it
is not); where nobody could ask the machine, it is named and not confirmed.
"""

from __future__ import annotations

from outlive.model.verdict import Name, Verdict
from outlive.verdict.case import Case
from outlive.verdict.evidence import part
from outlive.verdict.finding import found, missing, seen
from outlive.verdict.likeness import Kind
from outlive.verdict.sight import HOST_KEY


def data_replaced(case: Case) -> Verdict | None:
    if case.like.kind in (Kind.KEY_ONLY, Kind.NEW_DISK) or not case.like.new_data:
        return None
    new = seen(case.like.new_data)
    what = ", ".join(dict.fromkeys(f"{one.fact} {part(one)}".strip() for one in new))
    return found(
        case,
        Name.DATA_REPLACED,
        (*new, *seen(case.like.same_disk)),
        against=seen(one for one in case.like.changed if one.fact != HOST_KEY),
        missing=missing(case),
        advice=(
            f"another {what} than before: stop what writes there, then look for the old volume on {case.host} "
            "(`docker volume ls`, the data directory) before restoring from a copy",
        ),
        forbidden=(
            f"do not prune copies of {case.host}: those of the old data may be the only ones",
            "do not remove any volume or directory before the old data is found or given up",
            f"do not destroy or reinstall {case.host}: the old volume may still be on its disk",
        ),
    )
