"""What can be in the way of pinning who a host is."""

from __future__ import annotations

from outlive.errors import NoData, Refused


class NotEnrolled(NoData):
    """The host was not enrolled: it let nobody in who could see what it is."""

    hint = "A login is needed once. `outlive check` shows what is in the way."


class NotAccepted(Refused):
    """Refused: another identity than the pinned one answers, and nobody has accepted it."""

    hint = "Find out why. If it is meant to be so, repeat with the code that was printed."


class SeveralMachines(Refused):
    """Refused: several machines answer in the host's name."""

    hint = (
        "Say which one it is: `outlive identity HOST --enrol --at ADDRESS`; and have the others forgotten (--forget)."
    )
