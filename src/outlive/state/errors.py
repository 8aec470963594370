"""What can go wrong with the keeper's memory."""

from __future__ import annotations

from outlive.errors import Failed, NoData

_UNTOUCHED = "Copies and proofs are in the vault and are not touched."


class StateUnreachable(NoData):
    """The keeper's memory could not be reached."""

    hint = f"Check the disk or database that holds it. {_UNTOUCHED}"


class StateFailed(Failed):
    """The keeper's memory could not be written."""

    hint = f"Make room on its disk (`df`), then try again. {_UNTOUCHED}"


class StateTooNew(Failed):
    """The keeper's memory was written by a newer version of Outlive."""

    hint = f"Use that version or a newer one. {_UNTOUCHED}"


class StateHeld(Failed):
    """Another keeper works with this state; two would take every copy twice."""

    hint = "Stop the other one, or leave it to it. The hold goes with its process; there is nothing to clean up."
