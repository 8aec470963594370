"""`/metrics`: the gauges of `outlive metrics`, for a Prometheus that has a token of scope `read`."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from outlive.web.answers import told
from outlive.web.house import House

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def routes(house: House) -> list[Route]:
    async def metrics(request: Request) -> Response:
        return Response(await told(house.facts.metrics), media_type=OPENMETRICS)

    return [Route("/metrics", house.api(metrics))]
