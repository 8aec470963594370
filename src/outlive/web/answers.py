"""What every router answers with, and how it reads what it is sent."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import parse_qs

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from outlive.errors import NoData
from outlive.model.observation import rfc3339
from outlive.web.views.calendar import bars

MOST_FORM_BYTES = 8192
PATIENCE_SECONDS = 20.0
T = TypeVar("T")
_CODE = re.compile("`([^`]+)`")
_pages = Environment(
    loader=PackageLoader("outlive.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,  # an upgrade beneath a running keeper must not mix two versions
)


def coded(text: str) -> Markup:
    """Words in which `commands` stand: those as code, everything else as text."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))


_pages.filters |= {"coded": coded, "bars": bars}


async def told(ask: Callable[[], T]) -> T:
    """In a thread, with patience. Raises `NoData` when it takes longer: a page that loads for ever tells nothing."""
    try:
        return await asyncio.wait_for(asyncio.to_thread(ask), PATIENCE_SECONDS)
    except TimeoutError:
        raise NoData(f"The vault or the keeper's memory has not answered for {PATIENCE_SECONDS:.0f} s.") from None


def html(name: str, code: int = 200, **values: Any) -> Response:
    return HTMLResponse(_pages.get_template(name).render(**values), code)


def trouble(what: str, cure: str, code: int) -> Response:
    return html("trouble.html", code, what=what, cure=cure)


def as_json(document: Any, code: int = 200) -> Response:
    return Response(json.dumps(document, default=_plain), code, media_type="application/json")


async def form(request: Request) -> dict[str, str]:
    """The last value of each field; empty when the form is larger than any of ours. May be asked for again."""
    if not hasattr(request.state, "form"):
        body = await _body(request)
        fields = parse_qs(body.decode("utf-8", "replace")) if body else {}
        request.state.form = {name: values[-1] for name, values in fields.items()}
    found: dict[str, str] = request.state.form
    return found


async def document(request: Request) -> dict[str, Any]:
    """The JSON object that was sent; empty when it is none, or larger than any of ours."""
    try:
        found = json.loads(await _body(request) or b"{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def moment_of(text: str) -> datetime | None:
    """None when it is no moment with its zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def on_this_page(way: str) -> str:
    """Never to another site, whatever a link says."""
    return way if way.startswith("/") and not way.startswith("//") and "\\" not in way and way.isprintable() else "/"


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_FORM_BYTES:
            return b""
    return body


def _plain(value: object) -> str:
    return rfc3339(value) if isinstance(value, datetime) else str(value)
