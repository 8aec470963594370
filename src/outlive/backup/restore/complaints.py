"""What pg_restore complains, read while it runs. Pure."""

from __future__ import annotations

import re

SHOWN = 5
_ERROR = b"pg_restore: error: "
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
        self._last = ""
        self.went_on = False

    def __call__(self, chunk: bytes) -> None:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            self._read(line)

    @property
    def bearable(self) -> bool:
        """True when every error was about owners, rights, settings or remarks."""
        return self._grave.count == 0

    @property
    def first(self) -> str:
        """The first of the errors that are not bearable, as one line."""
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
            self._last = line.removeprefix(_ERROR).decode("utf-8", "replace")
            self._grave.add(self._last)
        elif line.startswith(_COMMAND) and _BEARABLE.match(line, len(_COMMAND)):
            self._grave.take_back()
            self._light.add(self._last)
        elif line.startswith(_WENT_ON):
            self.went_on = True


class _Few:
    """How many there were, and the first of them."""

    def __init__(self) -> None:
        self.count = 0
        self._shown: list[str] = []

    def add(self, said: str) -> None:
        self.count += 1
        if len(self._shown) < SHOWN:
            self._shown.append(said)

    def take_back(self) -> None:
        self.count -= 1
        del self._shown[self.count :]

    def __str__(self) -> str:
        more = [f"and {self.count - SHOWN} more"] if self.count > SHOWN else []
        return " | ".join([*self._shown, *more])
