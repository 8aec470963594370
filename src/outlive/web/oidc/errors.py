"""Why nobody was signed in."""

from __future__ import annotations

from outlive.errors import NoData, Refused

_BY_PASSWORD = "The local password opens the page all the same."


class ProviderSilent(NoData):
    """The sign-in provider gives no usable answer, so nobody was signed in."""

    hint = f"{_BY_PASSWORD} Then look at [page.oidc], the network from here, and the provider's own log."


class TokenRefused(Refused):
    """What the sign-in provider sent proves nobody, so nobody was signed in."""

    hint = f"{_BY_PASSWORD} If it happens again: is the clock right here, and is the issuer the right one?"


class Stranger(Refused):
    """The provider knows this person; the page does not."""

    hint = "Whoever runs the keeper may add that subject, email or group to [[page.oidc.people]], and start it again."
