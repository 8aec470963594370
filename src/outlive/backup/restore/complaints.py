"""What pg_restore complains, read while it runs. Pure."""

from __future__ import annotations

import re

SHOWN = 5
_ERROR = b"pg_restore: error: "
_COMMAND = b"Command was: "
# Who owns, who may, and remarks: whoever is no superuser cannot always set them, and no row depends on them.
_BEARABLE = re.compile(rb"(ALTER .* OWNER TO |COMMENT ON |GRANT |REVOKE |ALTER DEFAULT PRIVILEGES )")


class Complaints:
    """Is called with the bytes of stderr, in order."""

    def __init__(self) -> None:
        self._rest = b""
        self._errors: list[str] = []
        self._count = self._forgiven = 0

    def __call__(self, chunk: bytes) -> None:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            self._read(line)

    @property
    def bearable(self) -> bool:
        """True when every error was about owners, rights or remarks."""
        return self._count == self._forgiven

    @property
    def first(self) -> str:
        """The first errors, as one line."""
        return " | ".join(self._errors[:SHOWN]) or self._rest.decode("utf-8", "replace").strip() or "no word"

    @property
    def notes(self) -> list[str]:
        """For a person, when the errors were bearable."""
        if not self._forgiven:
            return []
        return [f"{self._forgiven} owner(s), right(s) or remark(s) could not be set by this login: {self.first}"]

    def _read(self, line: bytes) -> None:
        if line.startswith(_ERROR):
            self._count += 1
            if len(self._errors) < SHOWN:
                self._errors.append(line.removeprefix(_ERROR).decode("utf-8", "replace"))
        elif line.startswith(_COMMAND) and _BEARABLE.match(line, len(_COMMAND)):
            self._forgiven += 1
