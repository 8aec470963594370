"""What the lab says when it will not or cannot."""

from __future__ import annotations

from outlive.errors import Failed, UsageError


class NoLab(UsageError):
    """There is no lab."""

    hint = "`outlive lab up` makes one; `--folder` says where."


class CannotBreak(UsageError):
    """That cannot be broken now."""

    hint = "`outlive lab status` says what is broken; `outlive lab up` makes everything anew."


class LabFailed(Failed):
    """The lab did not do it."""

    hint = "`outlive lab down` ends what is left of it; `outlive lab up` makes it anew."
