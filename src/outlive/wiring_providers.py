"""The ways to the providers and to stores of logs, made and joined: token fetched, speed limited."""

from __future__ import annotations

from outlive.config.schema import Settings
from outlive.config.schema_watch import LokiSettings, ProviderSettings
from outlive.config.secrets import resolve
from outlive.providers import cherry, hetzner
from outlive.providers.base import Provider
from outlive.providers.cherry import Cherry
from outlive.providers.hetzner import Hetzner
from outlive.providers.static import Static
from outlive.transport.api import Api
from outlive.transport.dns import Names
from outlive.transport.net import trust

CHERRY_EVERY_SECONDS = 0.3  # 4 a second at most; questions may be on the way for longer than those after them
HETZNER_EVERY_SECONDS = 1.0  # 3600 an hour


def provider(settings: Settings, one: ProviderSettings) -> Provider:
    """Raises `ConfigError` when the token is not to be had."""
    if one.kind == "static":
        assert one.file is not None
        return Static(one.file)
    if one.kind == "hetzner":
        return Hetzner(_api(settings, one, hetzner.BASE, HETZNER_EVERY_SECONDS))
    return Cherry(_api(settings, one, cherry.BASE, CHERRY_EVERY_SECONDS), one.project or "", one.team)


def api(kind: str, token: str, url: str | None = None) -> Api:
    """For a look before there is a configuration."""
    base, every = {"hetzner": (hetzner.BASE, HETZNER_EVERY_SECONDS)}.get(kind, (cherry.BASE, CHERRY_EVERY_SECONDS))
    return Api(url or base, token, Names(), trust(), every)


def _api(settings: Settings, one: ProviderSettings, base: str, every_seconds: float) -> Api:
    assert one.token is not None
    watch = settings.watch
    return Api(
        base=one.url or base,
        token=resolve(one.token, settings.base),
        names=Names(watch.resolvers, min(5.0, watch.timeout_seconds)),
        trust=trust(watch.ca_file),
        every_seconds=every_seconds,
        timeout_seconds=watch.timeout_seconds,
    )


def loki(settings: Settings, one: LokiSettings) -> Api:
    """Raises `ConfigError` when the token is not to be had."""
    watch = settings.watch
    return Api(
        base=one.url,
        token=resolve(one.token, settings.base) if one.token else "",
        names=Names(watch.resolvers, min(5.0, watch.timeout_seconds)),
        trust=trust(watch.ca_file),
        timeout_seconds=watch.timeout_seconds,
        user=one.user or "",
        headers={"X-Scope-OrgID": one.tenant} if one.tenant else {},
    )
