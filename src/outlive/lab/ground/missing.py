"""What this machine, or a program on it, did not do for us."""

from __future__ import annotations

from outlive.errors import Failed


class Missing(Failed):
    """This machine lacks something."""

    hint = "A lab needs root, Docker, and a few Debian packages: docs/how-to/rehearse.md."


class ProgramFailed(Failed):
    """A program failed."""

    hint = "What it said stands above. `outlive lab down` ends what a lab has started."


class TookTooLong(Failed):
    """It did not happen in time."""

    hint = ProgramFailed.hint
