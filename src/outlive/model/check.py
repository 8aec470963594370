"""A check: a URL of a host, and what its answer has to be. Pure."""

from __future__ import annotations

import json as json_text
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """`kind` says what a good answer means: "page" that a user is served, "ready" that the application calls itself well
    (which one that hangs may do for hours). Any status below 400 is good where `status` names none; `contains` has to be
    in the body; `json` holds values by their path in it (`{"db.state" = "up"}`)."""

    url: str
    kind: Literal["page", "ready"] = "page"
    status: tuple[Annotated[int, Field(ge=100, le=599)], ...] = ()
    contains: str | None = None
    json: dict[str, Any] = field(default_factory=dict)
    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 10.0
    every_seconds: Annotated[float, Field(ge=5)] | None = None
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    def unmet(self, status: int, body: bytes) -> str:
        """Why an answer is not what it has to be; empty when it is."""
        if (status not in self.status) if self.status else status >= 400:
            return f"the status is {status}"
        if self.contains is not None and self.contains.encode() not in body:
            return f"the body does not contain {self.contains!r}"
        return _unmet_json(self.json, body) if self.json else ""


def _unmet_json(wanted: dict[str, Any], body: bytes) -> str:
    try:
        document = json_text.loads(body)
    except ValueError:
        return "the body is no JSON"
    for path, value in wanted.items():
        found = at_path(document, path)
        if found != value or isinstance(found, bool) != isinstance(value, bool):
            return f"{path} is {json_text.dumps(found)[:80]}, not {json_text.dumps(value)}"
    return ""


def at_path(document: Any, path: str) -> Any:
    """What lies at `a.0.b` in a document (numbers count in lists); None when there is nothing."""
    for step in path.split("."):
        if isinstance(document, dict):
            document = document.get(step)
        elif isinstance(document, list) and step.isdigit() and int(step) < len(document):
            document = document[int(step)]
        else:
            return None
    return document
