"""What the API has, as OpenAPI 3.1 says it. Pure."""

from __future__ import annotations

from typing import Any

from outlive.web.views.acting import ACTS

Schema = dict[str, Any]
_TEXT: Schema = {"type": "string"}
_MOMENT: Schema = {"type": "string", "format": "date-time"}
_MAYBE_MOMENT: Schema = {"type": ["string", "null"], "format": "date-time"}


def described() -> Schema:
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Outlive",
            "version": "1",
            "description": "What `status`, `copies` and `incident show` print with `--json`, and the acts of the page.",
        },
        "security": [{"token": []}],
        "paths": {
            "/api/openapi.json": {"get": _read("This document", _object(openapi=_TEXT))},
            "/api/status": {"get": _read("What would be lost now, and the verdict per host", _STATUS)},
            "/api/copies/{asset}": {"get": _read("The copies of an asset", _COPIES, _ASSET)},
            "/api/hosts/{host}": {"get": _read("A host, and what is remembered of it", _HOST, _in_path("host", _TEXT))},
            "/api/incidents": {
                "get": _read("All that are remembered, newest first", _object(incidents=_list(_INCIDENT)))
            },
            "/api/incidents/{number}": {"get": _read("One, with messages and notes", _INCIDENT, _NUMBER)},
            "/api/vault": {
                "get": _read("What lies in the vault", _object(url=_TEXT, assets=_list({"type": "object"})))
            },
            "/api/assets/{asset}/{act}": {"post": _act("Ask for an act", 202, _ASSET, _ACT)},
            "/api/incidents/{number}/acknowledge": {"post": _act("Somebody sees to it", 200, _NUMBER)},
            "/api/incidents/{number}/release": {"post": _act("Take that back", 200, _NUMBER)},
            "/api/incidents/{number}/notes": {"post": _act("Add what a person says", 201, _NUMBER, body=_NOTE)},
        },
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def _object(**properties: Schema) -> Schema:
    """With all of these, and maybe more."""
    return {"type": "object", "required": list(properties), "properties": properties}


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _in_path(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": schema}


_ASSET = _in_path("asset", _TEXT)
_ACT = _in_path("act", {"type": "string", "enum": list(ACTS)})
_NUMBER = _in_path("number", {"type": "integer", "minimum": 0, "maximum": 2**31 - 1})
_NOTE = {**_object(text={"type": "string", "minLength": 1, "maxLength": 2000}), "additionalProperties": False}
_STATUS = _object(
    at=_MOMENT,
    hosts=_list(_object(host=_TEXT, verdict=_TEXT, confirmed={"type": "boolean"}, seen_at=_MAYBE_MOMENT)),
    assets=_list(_object(asset=_TEXT, kind=_TEXT, loss={"type": "object"}, risks=_list(_TEXT))),
    risks=_list(_TEXT),
)
_COPIES = _object(
    copies=_list(_object(id=_TEXT, data_until=_MOMENT, stored_bytes={"type": "integer"}, proof=_TEXT)),
    windows=_list({"type": "object"}),
    drills=_list(_object(at=_MOMENT, ok={"type": "boolean"}, copy=_TEXT)),
)
_HOST = _object(host=_TEXT, verdict=_TEXT, known={"type": "object"})
_INCIDENT = _object(
    id={"type": "integer"}, what=_TEXT, since=_MOMENT, ended_at=_MAYBE_MOMENT, acknowledged_at=_MAYBE_MOMENT
)
_TROUBLE = _object(error=_TEXT)


def _read(summary: str, answer: Schema, *parameters: Schema) -> Schema:
    return _operation(summary, {200: answer}, parameters)


def _act(summary: str, code: int, *parameters: Schema, body: Schema | None = None) -> Schema:
    """Needs the scope act."""
    found = _operation(summary, {code: {"type": "object"}, 400: _TROUBLE, 403: _TROUBLE}, parameters)
    if body is not None:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return found


def _operation(summary: str, answers: dict[int, Schema], parameters: tuple[Schema, ...]) -> Schema:
    told = {**answers, 401: _TROUBLE, 404: _TROUBLE, 503: _TROUBLE}
    return {
        "summary": summary,
        "parameters": list(parameters),
        "responses": {
            str(code): {"description": summary, "content": {"application/json": {"schema": schema}}}
            for code, schema in told.items()
        },
    }
