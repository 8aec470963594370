"""The machine is ours and alive; its service takes connections and gives no answer.

This is what the outage was: one blocked process behind a healthy proxy, on a machine that then was destroyed
(research/watch.md 0; research/incident-and-provider.md 3.2 to 3.4). A hung process has no restarts, may pass its readiness
check, and Docker does not restart it. The cure is to look at it and restart it; the machine is none of the problem.
"""

from __future__ import annotations

from outlive.model.verdict import Name, Verdict
from outlive.verdict.case import Case
from outlive.verdict.rules.same_machine_app_down import is_ours, service_fails


def same_machine_app_hung(case: Case) -> Verdict | None:
    if not is_ours(case) or not case.health.is_hung:
        return None
    return service_fails(
        case,
        Name.SAME_MACHINE_APP_HUNG,
        (
            "save what shows why it hangs (its log, a stack or core dump, `docker inspect`), then restart that one service",
            *case.health.notes,
        ),
    )
