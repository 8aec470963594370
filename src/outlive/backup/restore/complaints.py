"""What pg_restore complains, read while it runs. Pure."""

from __future__ import annotations

import re

SHOWN = 5
_ERROR = b"pg_restore: error: "
_PREFIX = re.compile(r"^could not execute query: ERROR: +")
_COMMAND = b"Command was: "
_WENT_ON = b"pg_restore: warning: errors ignored on restore: "
# Who owns, who may, settings and remarks: whoever is no superuser cannot always set them, and no row depends on them.
_BEARABLE = re.compile(
    rb"(ALTER .* OWNER TO |COMMENT ON |GRANT |REVOKE |ALTER DEFAULT PRIVILEGES |ALTER (DATABASE|ROLE) .* SET )"
)


class Complaints:
    """Is called with the bytes of stderr, in order."""

    def __init__(self) -> None:
        self._rest = b""
        self._grave = _Few()
        self._light = _Few()
        self._open: str | None = None  # whether it is bearable, the line after it tells
        self.went_on = False

    def __call__(self, chunk: bytes) -> None:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            self._read(line)

    @property
    def bearable(self) -> bool:
        """True when every error was about owners, rights, settings or remarks."""
        self._close(self._grave)
        return self._grave.count == 0

    @property
    def first(self) -> str:
        """The first of the errors that are not bearable, as one line."""
        self._close(self._grave)
        return str(self._grave) or str(self._light) or self._rest.decode("utf-8", "replace").strip() or "no word"

    @property
    def refused(self) -> list[str]:
        """For a person, when the errors were bearable."""
        if not self._light.count:
            return []
        what = f"{self._light.count} owner(s), right(s), setting(s) or remark(s) were refused to this login"
        return [f"{what}: {self._light}"]

    def _read(self, line: bytes) -> None:
        if line.startswith(_ERROR):
            self._close(self._grave)
            self._open = _PREFIX.sub("", line.removeprefix(_ERROR).decode("utf-8", "replace"))
        elif line.startswith(_COMMAND):
            self._close(self._light if _BEARABLE.match(line, len(_COMMAND)) else self._grave)
        elif line.startswith(_WENT_ON):
            self.went_on = True

    def _close(self, kind: _Few) -> None:
        if self._open is not None:
            kind.add(self._open)
        self._open = None


class _Few:
    """How many there were, and the first different ones."""

    def __init__(self) -> None:
        self.count = 0
        self._shown: list[str] = []

    def add(self, said: str) -> None:
        self.count += 1
        if said not in self._shown and len(self._shown) <= SHOWN:
            self._shown.append(said)

    def __str__(self) -> str:
        more = ["and others"] if len(self._shown) > SHOWN else []
        return " | ".join([*self._shown[:SHOWN], *more])
