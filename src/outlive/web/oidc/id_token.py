"""What a provider says of itself, and its ID tokens: believed only when every check of the specification holds. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from outlive.web.oidc.errors import ProviderSilent, TokenRefused

# Signatures with a key pair only: with "none" or HS256 whoever knows the client id or the public key could sign.
ALGORITHMS = ("RS256", "PS256", "ES256", "RS384", "PS384", "ES384", "RS512", "PS512", "ES512")
LEEWAY_SECONDS = 60  # between two clocks
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


def metadata(found: Any, issuer: str) -> dict[str, str]:
    """Of a discovery document (OpenID Connect Discovery 1.0, 4.3) the endpoints. Raises `ProviderSilent` when it is another
    issuer's, lacks one, or names one that would be asked in clear."""
    if not isinstance(found, dict) or found.get("issuer") != issuer:
        raise ProviderSilent(f"{issuer} describes itself as another issuer.")
    told = {name: found.get(name) for name in (*ENDPOINTS, "userinfo_endpoint") if found.get(name) is not None}
    clear = urlsplit(issuer).scheme == "http"  # which the configuration allows on loopback only
    for name in {*ENDPOINTS, *told}:
        if not _is_place(told.get(name), clear):
            raise ProviderSilent(f"{issuer} names no usable {name}.")
    return {name: str(place) for name, place in told.items()}


def claims(
    token: Any, keys: Any, *, issuer: str, client_id: str, nonce: str, now: datetime, access_token: str = ""
) -> dict[str, Any]:
    """The claims of an ID token (OpenID Connect Core 1.0, 3.1.3.7): signed by a key of `keys` (a JWK set), of this issuer,
    for this client, with this nonce, not expired. Raises `TokenRefused`."""
    params = {"nonce": nonce, "client_id": client_id, "access_token": access_token}
    wanted: dict[str, Any] = {
        "iss": {"essential": True, "value": issuer},
        "aud": {"essential": True, "value": client_id},
        "sub": {"essential": True},
    }
    try:
        read = jwt.decode(token, KeySet.import_key_set(keys), algorithms=list(ALGORITHMS))
        found = CodeIDToken(read.claims, read.header, wanted, params)
        found.validate(int(now.timestamp()), LEEWAY_SECONDS)
    except (JoseError, ValueError, TypeError, LookupError, AttributeError, OverflowError) as error:
        raise TokenRefused(f"Its ID token: {_said(error)}.") from error
    if not isinstance(found["sub"], str) or not found["sub"]:
        raise TokenRefused("Its ID token names no subject.")
    return dict(found)


def is_fresh(found: Mapping[str, Any], asked_at: datetime) -> bool:
    """Whether the person signed in anew since then, and the provider did not only remember an earlier time."""
    at = found.get("auth_time")
    if not isinstance(at, int | float) or isinstance(at, bool):
        return False
    return at >= (asked_at - timedelta(seconds=LEEWAY_SECONDS)).timestamp()


def _is_place(url: Any, clear: bool) -> bool:
    try:
        place = urlsplit(url) if isinstance(url, str) else None
        return (
            place is not None and bool(place.hostname) and place.scheme in (("https", "http") if clear else ("https",))
        )
    except ValueError:
        return False


def _said(error: Exception) -> str:
    """The library's word and which claim, never the token."""
    return " ".join(filter(None, (getattr(error, "error", "") or type(error).__name__, getattr(error, "claim", ""))))
