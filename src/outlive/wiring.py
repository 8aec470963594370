"""The one place where parts are made and joined, from what `outlive.toml` says."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from outlive.backup.copies import keepsake
from outlive.backup.log.ship import ShipPolicy
from outlive.backup.restore.target import DirectoryTarget, DockerTarget, SshTarget
from outlive.backup.streams.prior import find_prior
from outlive.backup.streams.seal import SealPolicy
from outlive.backup.upkeep.lock_days import lock_days, words
from outlive.clock import Clock
from outlive.commands.ssh import SshPaths
from outlive.config.schema import Settings, VaultSettings
from outlive.config.secrets import resolve
from outlive.config.temporal_access import access
from outlive.errors import ConfigError, KeysError, UsageError
from outlive.keeper.streams import StreamPlan, slot_name
from outlive.model.asset import (
    Asset,
    ConfigAsset,
    DockerVolumeAsset,
    ImagesAsset,
    PathAsset,
    PostgresAsset,
    PostgresDumpAsset,
    SecretRef,
    TemporalAsset,
)
from outlive.model.chain import Full, Origin, Prior
from outlive.model.host import Host
from outlive.sources.base import Source
from outlive.sources.config import ConfigSource
from outlive.sources.docker_volume import DockerVolumeSource
from outlive.sources.images import ImagesSource
from outlive.sources.path import PathSource
from outlive.sources.postgres import PostgresSource
from outlive.sources.postgres_dump import PostgresDumpSource
from outlive.sources.temporal import TemporalSource
from outlive.transport import temporal
from outlive.transport.base import Shell
from outlive.transport.local import LocalShell
from outlive.transport.postgres import ContainerWay, DsnWay, PortWay, SocketWay, Way
from outlive.transport.ssh import SshShell
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity, parse_recipients, read_identities
from outlive.vault.lock_rule import LockMode, LockRule
from outlive.vault.open import open_vault


def vault(settings: Settings, clock: Clock) -> Vault:
    """The vault; nothing is asked of it yet."""
    return _opened(settings, settings.vault, clock)


def mirror(settings: Settings, clock: Clock) -> Vault:
    """The second vault. Raises `ConfigError` when there is none."""
    if settings.mirror is None:
        raise ConfigError(
            "there is no [mirror].", hint="Add a [mirror] table: the same keys as [vault], another place."
        )
    return _opened(settings, settings.mirror, clock)


def _opened(settings: Settings, wanted: VaultSettings, clock: Clock) -> Vault:
    return open_vault(
        wanted.url,
        clock=clock,
        endpoint=wanted.endpoint,
        region=wanted.region,
        access_key=_secret(settings, wanted.access_key),
        secret_key=_secret(settings, wanted.secret_key),
        path_style=wanted.path_style,
        lock=_lock(wanted),
    )


def _lock(wanted: VaultSettings) -> LockRule | None:
    if wanted.lock_days is None:
        return None
    days, mode = wanted.lock_days, LockMode(wanted.lock_mode)
    return LockRule(days, mode, lambda key: lock_days(key, days), words(days, mode))


def has_store(settings: Settings) -> bool:
    """False when no keeper ever ran here: then there is nothing to be read from its memory."""
    return settings.schedule.database is not None or state_file(settings).exists()


def state_file(settings: Settings) -> Path:
    """Where the keeper's memory is when it is not a database elsewhere."""
    return settings.keeper.state / "keeper.db"


def recovery_room(settings: Settings) -> Path:
    """Where recoveries keep what they need: the engine's memory, and a folder for each run."""
    return settings.keeper.state / "recover"


def page_password_file(settings: Settings) -> Path:
    """Where `outlive page` puts the hash of the page's password."""
    return settings.keeper.state / "page" / "password"


def page_tokens_file(settings: Settings) -> Path:
    """Where `outlive token` keeps the digests of the page's tokens."""
    return settings.keeper.state / "page" / "tokens.json"


def page_password(settings: Settings) -> str | None:
    """The hash; None when none was ever made. Raises `ConfigError`."""
    if settings.page.password is not None:
        return resolve(settings.page.password, settings.base)
    path = page_password_file(settings)
    return resolve(SecretRef(file=str(path)), settings.base) if path.exists() else None


def serves_page(settings: Settings) -> bool:
    """Whether the keeper serves the page: only there can cron jobs tell that they ran. Raises `ConfigError`."""
    return settings.page.enabled and page_password(settings) is not None


def seal_policy(settings: Settings, on_progress: Callable[[int, int], None]) -> SealPolicy:
    """To whom copies are encrypted and how they are cut."""
    return SealPolicy(
        recipients=parse_recipients(settings.keys.recipients),
        part_bytes=settings.keeper.part_bytes,
        read_back=settings.vault.read_back,
        on_progress=on_progress,
    )


def keeper_files(settings: Settings) -> dict[str, str]:
    """The keeper's own files that go along with every copy: its configuration (which holds no secret, only where they are)
    and the host keys it has pinned. What cannot be read keeps nobody from a copy."""
    found = {}
    for name, path in ((keepsake.CONFIG, settings.path), (keepsake.KNOWN_HOSTS, settings.keeper.known_hosts)):
        try:
            found[name] = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
    return found


def identities(settings: Settings, chosen: Path | None) -> Sequence[Identity]:
    """The private keys that open copies here: the ones in `chosen`, else the drill key. Raises `KeysError`."""
    path = chosen or settings.keys.drill_identity
    if path is None:
        raise KeysError("no private key is named.", hint="Give one with --identity FILE, or set keys.drill_identity.")
    return read_identities(path)


def shell(settings: Settings, name: str) -> Shell:
    """The host of that name, reached as the configuration says."""
    host = next((host for host in settings.hosts if host.name == name), None)
    if host is None:
        raise ConfigError(f"no host is named {name!r}.", hint="Add a [[hosts]] table of that name.")
    return host_shell(settings, host)


def host_shell(settings: Settings, host: Host) -> Shell:
    """A shell on the host: this machine, or OpenSSH with the keeper's own pinned keys."""
    return LocalShell(host.name) if host.is_local else SshShell(host, ssh_paths(settings))


def ssh_paths(settings: Settings) -> SshPaths:
    """The pinned host keys, and a folder for shared connections with a path short enough for a Unix socket."""
    digest = hashlib.sha256(str(settings.keeper.state).encode()).hexdigest()[:8]
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp")
    return SshPaths(settings.keeper.known_hosts, runtime / f"outlive-{os.geteuid()}-{digest}")


def target_shell(settings: Settings, target: DirectoryTarget | SshTarget | DockerTarget) -> Shell:
    """Where a restore's directory or Docker is: here, at a configured host (by name or address), or at any pinned
    address."""
    if isinstance(target, DirectoryTarget) or target.address is None:
        return LocalShell()
    bare = target.address.removeprefix("ssh://")
    for host in settings.hosts:
        if bare == host.name or target.address == host.address:
            return host_shell(settings, host)
    return host_shell(settings, Host(name=bare, address=target.address))


def source(settings: Settings, asset: Asset, clock: Clock) -> Source:
    """The source that copies the asset."""
    match asset:
        case PostgresAsset():
            remote = _is_remote(settings, asset.host)
            prior_of = partial(_prior, settings, asset.name, clock)
            return PostgresSource(asset, way(settings, asset), clock, remote=remote, prior_of=prior_of)
        case PostgresDumpAsset():
            return PostgresDumpSource(asset, way(settings, asset), clock)
        case DockerVolumeAsset():
            return DockerVolumeSource(asset, shell(settings, asset.host), clock)
        case PathAsset():
            return PathSource(asset, shell(settings, asset.host), clock)
        case ConfigAsset():
            return ConfigSource(asset, shell(settings, asset.host), clock)
        case ImagesAsset():
            return ImagesSource(asset, shell(settings, asset.host), clock)
        case TemporalAsset():
            return TemporalSource(temporal_way(settings, asset), clock)


def _prior(settings: Settings, asset: str, clock: Clock, origin: Origin) -> Prior | Full:
    keys = partial(identities, settings, None)
    return find_prior(vault(settings, clock), asset, origin, settings.keys.recipients, keys)


def way(settings: Settings, asset: PostgresAsset | PostgresDumpAsset) -> Way:
    """The way in to a Postgres server."""
    password = _secret(settings, asset.password)
    if asset.dsn is not None:
        return DsnWay(resolve(asset.dsn, settings.base))
    if asset.host is None:
        raise ConfigError(f"asset {asset.name!r} names neither a host nor a dsn.", hint="Add `host` or `dsn`.")
    there = shell(settings, asset.host)
    if asset.container is not None:
        return ContainerWay(there, asset.container, asset.port, asset.user, password)
    if asset.socket is not None:
        return SocketWay(there, asset.socket, asset.os_user, asset.port, asset.user, password)
    return PortWay(there, asset.port, asset.user, password)


def temporal_way(settings: Settings, asset: TemporalAsset) -> temporal.Way:
    """The way in to a Temporal server."""
    there = None if asset.host is None else shell(settings, asset.host)
    return temporal.way(asset, there, access(asset, settings.base))


def stream_plan(settings: Settings, asset: PostgresAsset, there: Vault, clock: Clock) -> StreamPlan:
    """How one cluster's log is streamed."""
    policy = ShipPolicy(parse_recipients(settings.keys.recipients), settings.schedule.ship_every_seconds)
    return StreamPlan(asset.name, way(settings, asset), slot_name(asset.name), there, policy, clock)


def chosen_assets(settings: Settings, names: Sequence[str]) -> list[Asset]:
    """The assets of those names, all when none is named. Raises `UsageError`."""
    known = {asset.name: asset for asset in settings.assets}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(f"no asset is named {unknown[0]!r}.", hint=f"Known are: {', '.join(known) or 'none'}.")
    return [known[name] for name in names] or list(settings.assets)


def _is_remote(settings: Settings, host: str | None) -> bool:
    return host is not None and not any(known.name == host and known.is_local for known in settings.hosts)


def _secret(settings: Settings, ref: SecretRef | None) -> str | None:
    return None if ref is None else resolve(ref, settings.base)
