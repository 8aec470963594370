"""The parts of looking at hosts, made and joined. Apart from `wiring.py`, because no other command needs DNS, TLS and the
keeper's database together."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from outlive import wiring, wiring_providers
from outlive.clock import Clock
from outlive.config.schema import Settings
from outlive.errors import ConfigError
from outlive.keeper.jobs import is_streamed
from outlive.keeper.looks import LookParts, Looks
from outlive.model.asset import PostgresAsset, PostgresDumpAsset
from outlive.model.observation import Observation
from outlive.state.store import Store
from outlive.state.watching import Watching
from outlive.transport.dns import Names
from outlive.transport.net import trust
from outlive.transport.postgres_identity import PostgresIdentity, identify
from outlive.transport.ssh import private_folder
from outlive.watch.eyes import Eyes, Sight
from outlive.watch.markers import KEY_BYTES
from outlive.watch.watcher import Watcher
from outlive.wiring_state import store

MARKER_KEY = "marker.key"
LOG_KEY = "log.key"


@contextmanager
def memory(settings: Settings) -> Iterator[Watching]:
    """The keeper's memory, also where no keeper ever ran: then it begins here. Raises what the store raises."""
    opened = store(settings)
    try:
        with suppress(ConfigError):
            _key(settings.keeper.state / LOG_KEY, secrets.token_bytes)
        yield Watching(opened)
    finally:
        opened.close()


def eyes(
    settings: Settings,
    clock: Clock,
    by_stream: Callable[[str], PostgresIdentity | None] = lambda asset: None,
    *,
    live: bool = False,
) -> Eyes:
    """Who looks. Nothing is asked yet. `by_stream` may know a cluster already, so that it need not be asked. `live`: all
    day."""
    watch = settings.watch
    control = wiring.ssh_paths(settings).control
    private_folder(control)
    return Eyes(
        Sight(
            settings=settings,
            clock=clock,
            names=Names(watch.resolvers, min(5.0, watch.timeout_seconds)),
            trust=trust(watch.ca_file),
            folder=Path(tempfile.mkdtemp(prefix="l", dir=control)),  # a socket's whole path may have 107 bytes
            identify=lambda asset: by_stream(asset) or _identify(settings, asset),
            provider=lambda one: wiring_providers.provider(settings, one),
            loki=lambda one: wiring_providers.loki(settings, one),
            marker_key=marker_key(settings),
            log_key=log_key(settings),
            live=live,
        )
    )


def marker_key(settings: Settings, make: Callable[[int], bytes] | None = None) -> bytes | None:
    """The key of the markers' hashes, which stays with the keeper. None when there is none yet, unless `make` may."""
    return _key(settings.keeper.state / MARKER_KEY, make)


def log_key(settings: Settings) -> bytes:
    """What the fingerprints of leaks are made with: made with the keeper's memory. Where there is none, or it cannot be
    read, it is another one in every run."""
    with suppress(ConfigError):
        return _key(settings.keeper.state / LOG_KEY, None) or secrets.token_bytes(KEY_BYTES)
    return secrets.token_bytes(KEY_BYTES)


def _key(path: Path, make: Callable[[int], bytes] | None) -> bytes | None:
    try:
        if path.exists():
            return path.read_bytes()
        if make is None:
            return None
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = make(KEY_BYTES)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        return key
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}.", hint="Check owner and mode of `keeper.state`.") from error


def looks(
    settings: Settings,
    clock: Clock,
    opened: Store,
    say: Callable[[str], None],
    counted: Callable[[str, Sequence[Observation]], None],
    by_stream: Callable[[str], PostgresIdentity | None],
) -> Looks:
    """The keeper's looking."""
    with suppress(ConfigError):
        _key(settings.keeper.state / LOG_KEY, secrets.token_bytes)
    remembered = Watching(opened)
    streamed = [one.name for one in settings.assets if is_streamed(settings, one)]
    watcher = Watcher(eyes(settings, clock, by_stream, live=True), remembered, streamed)
    return Looks(LookParts(watcher, remembered, clock, say, opened.beat(), counted))


def _identify(settings: Settings, name: str) -> PostgresIdentity:
    asset = settings.asset(name)
    assert isinstance(asset, PostgresAsset | PostgresDumpAsset)
    return identify(wiring.way(settings, asset))
