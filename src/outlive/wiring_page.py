"""The page's parts, where they are made and joined."""

from __future__ import annotations

from collections.abc import Callable

from outlive.config.schema import Settings
from outlive.config.secrets import resolve
from outlive.transport.dns import Names
from outlive.transport.net import trust
from outlive.web.oidc.door import OidcDoor


def oidc_door(settings: Settings, say: Callable[[str], None]) -> OidcDoor | None:
    """Where people sign in with their provider; None unless that is enabled. Nobody is asked yet."""
    oidc, watch = settings.page.oidc, settings.watch
    if oidc is None or not oidc.enabled:
        return None
    from outlive.web.oidc.provider import Provider  # Authlib is loaded only where it is used

    def secret() -> str:
        return resolve(oidc.client_secret, settings.base) if oidc.client_secret else ""

    names = Names(watch.resolvers, min(5.0, watch.timeout_seconds))
    provider = Provider(oidc, secret, names, trust(watch.ca_file))
    return OidcDoor(provider, oidc.url, oidc.issuer.partition("://")[2].rstrip("/"), say)
