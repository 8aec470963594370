"""Style, scripts and the icon: files of this package, the same for everybody. Nothing comes from another site."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from outlive.web.house import House

_FOLDER = Path(__file__).with_name("static")
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
FILES = (
    "page.css",
    "page.js",
    "icon.svg",
    *(f"vendor/{one.name}" for one in sorted((_FOLDER / "vendor").glob("*.*s"))),
)


def routes(house: House) -> list[BaseRoute]:
    return [Route(f"/{name}", house.outside(_File(_FOLDER / name).answer)) for name in FILES]


class _File:
    """Read once; a browser that has it asks only whether it changed."""

    def __init__(self, path: Path) -> None:
        self._body, self._type = path.read_bytes(), _TYPES[path.suffix]
        self._tag = f'"{sha256(self._body).hexdigest()[:16]}"'

    async def answer(self, request: Request) -> Response:
        headers = {"ETag": self._tag, "Cache-Control": "max-age=300"}
        if request.headers.get("if-none-match") == self._tag:
            return Response(status_code=304, headers=headers)
        return Response(self._body, media_type=self._type, headers=headers)
