"""What a look at a host finds that no configured asset covers: a new database, volume or bind mount. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from outlive.config.schema import Unguarded
from outlive.model.asset import (
    Asset,
    ConfigAsset,
    DockerVolumeAsset,
    ImagesAsset,
    PathAsset,
    PostgresAsset,
    PostgresDumpAsset,
    TemporalAsset,
)
from outlive.survey.proposal import LeftOut, Proposal, Proposed


def unguarded(proposal: Proposal, assets: Iterable[Asset], accepted: Iterable[Unguarded]) -> list[LeftOut]:
    """What dies with the host, uncovered and not accepted in `[[unguarded]]`; largest first."""
    known = [asset for asset in assets if asset.host in (None, proposal.host)]
    fine = {(one.kind, one.name) for one in accepted if one.host in (None, proposal.host)}
    missing = [_left_out(one) for one in proposal.assets if not any(_covers(asset, one.asset) for asset in known)]
    found = [*missing, *proposal.at_risk]
    return sorted((one for one in found if (one.kind, one.name) not in fine), key=lambda one: -(one.bytes or 0))


def _covers(asset: Asset, wanted: Asset) -> bool:
    match asset, wanted:
        case ((PostgresAsset() | PostgresDumpAsset()), (PostgresAsset() | PostgresDumpAsset())):
            same_door = (asset.container, asset.socket) == (wanted.container, wanted.socket)
            return same_door and asset.port == wanted.port
        case DockerVolumeAsset(), DockerVolumeAsset():
            return asset.volume == wanted.volume
        case PathAsset(), PathAsset():
            return _within(wanted.path, asset.path)
        case PathAsset(), ConfigAsset():
            return all(_within(path, asset.path) for path in wanted.paths)
        case ConfigAsset(), ConfigAsset():
            return all(any(_within(path, known) for known in asset.paths) for path in wanted.paths)
        case ImagesAsset(), ImagesAsset():
            return asset.project == wanted.project
        case TemporalAsset(), TemporalAsset():
            return (asset.container, asset.port) == (wanted.container, wanted.port)
    return False


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _left_out(one: Proposed) -> LeftOut:
    asset = one.asset
    match asset:
        case DockerVolumeAsset():
            name = asset.volume
        case PathAsset():
            name = asset.path
        case ConfigAsset():
            name = ", ".join(asset.paths)
        case PostgresAsset() | PostgresDumpAsset():
            name = asset.container or asset.socket or asset.name
        case TemporalAsset():
            name = asset.container or asset.address or asset.name
        case ImagesAsset():
            name = asset.project
    return LeftOut(asset.kind, name, "no asset in outlive.toml covers it", one.bytes, at_risk=True)
