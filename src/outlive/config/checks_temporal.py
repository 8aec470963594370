"""What is wrong with the tables of Temporal's servers: the way in, what proves who asks, where their data is. PURE."""

from __future__ import annotations

import re
from collections.abc import Iterator

from outlive.config.errors import Problem, Where
from outlive.config.schema import Document
from outlive.model.asset import (
    DockerVolumeAsset,
    PathAsset,
    PostgresAsset,
    PostgresDumpAsset,
    TemporalAsset,
    TemporalTls,
)

_ADDRESS = re.compile(r"[^\s/:]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}")
_HOLDS_DATA = (PostgresAsset, PostgresDumpAsset, DockerVolumeAsset, PathAsset)


def problems(document: Document) -> Iterator[Problem]:
    """Everything that is wrong, in no order."""
    holding = [one.name for one in document.assets if isinstance(one, _HOLDS_DATA)]
    for index, asset in enumerate(document.assets):
        if isinstance(asset, TemporalAsset):
            place: Where = ("assets", index)
            yield from _way_in(place, asset)
            if asset.tls is not None:
                yield from _tls((*place, "tls"), asset.tls)
            if asset.stored_in is not None and asset.stored_in not in holding:
                known = f"There are: {', '.join(holding)}." if holding else "Guard it: a cluster, a volume or a path."
                yield Problem((*place, "stored_in"), f'no asset with data is named "{asset.stored_in}".', known)


def _way_in(place: Where, asset: TemporalAsset) -> Iterator[Problem]:
    if asset.container is not None and asset.address is not None:
        yield Problem(place, "container and address are several ways in.", "Keep one of them.")
    elif asset.address is None and asset.host is None:
        cure = "Name a host (and on it a container or port), or an address."
        yield Problem(place, "there is no way in to this Temporal.", cure)
    elif asset.container is not None and asset.host is None:
        yield Problem(place, "container is on a host, and none is named.", 'Add host = "..." to this table.')
    if asset.address is not None and not _ADDRESS.fullmatch(asset.address):
        yield Problem(
            (*place, "address"), f'"{asset.address}" is no address.', 'Write "name:port"; Temporal\'s own is 7233.'
        )


def _tls(place: Where, tls: TemporalTls) -> Iterator[Problem]:
    if (tls.certificate is None) != (tls.key is None):
        missing = "certificate" if tls.certificate is None else "key"
        yield Problem(place, f"{missing} is missing.", "Give both, or none for a server that asks for none.")
