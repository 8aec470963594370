"""Shell that several kinds of RESTORE.md use. Pure."""

from __future__ import annotations

from outlive.model.copy import Stream
from outlive.model.naming import check_name

EMPTY_TARGET = """\
mkdir -p "$TARGET"
[ -z "$(ls -A "$TARGET")" ] || { echo "$TARGET is not empty: name a new place" >&2; exit 1; }"""


def call(stream: Stream) -> str:
    """The shell function of RESTORE.md that prints the stream."""
    return f"open_stream {check_name(stream.name)} {len(stream.parts)}"
