"""JSON for the engine's records, exceptions included. Its default is pickle: whoever could write the database could then
run code in the keeper (research: engine.md 4.7)."""

from __future__ import annotations

import json
from typing import Any

from dbos import Serializer


class StepFailed(Exception):
    """A step failed for good; the text is what it said."""


class JsonSerializer(Serializer):
    """JSON; tuples become lists, exceptions become `StepFailed` with their class and text."""

    def serialize(self, data: Any) -> str:
        return json.dumps(data, default=_encode)

    def deserialize(self, serialized_data: str) -> Any:
        return json.loads(serialized_data, object_hook=_decode)

    def name(self) -> str:
        return "outlive_json"


def _encode(value: Any) -> Any:
    if isinstance(value, BaseException):
        said = str(value) if isinstance(value, StepFailed) else f"{type(value).__name__}: {value}"
        return {"__error__": said}
    raise TypeError(f"{type(value).__name__} is not JSON")


def _decode(value: dict[str, Any]) -> Any:
    return StepFailed(value["__error__"]) if set(value) == {"__error__"} else value
