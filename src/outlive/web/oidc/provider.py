"""The ways to an OpenID Connect provider: where a browser is sent, and who came back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus, urlsplit

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from outlive.config.schema_people import OidcSettings
from outlive.transport.api import Api
from outlive.transport.dns import Names
from outlive.transport.net import NoAnswer, Trust
from outlive.web.oidc.attempts import BACK, Attempt
from outlive.web.oidc.errors import ProviderSilent, TokenRefused
from outlive.web.oidc.id_token import claims, is_fresh, metadata
from outlive.web.oidc.people import Person, admitted, wants

PATIENCE_SECONDS = 20.0  # for all questions of one sign-in
_KEYS_CURE = (
    "The provider does not take client_id, client_secret or this page's address: compare them with what it has."
)


@dataclass(frozen=True, slots=True)
class Provider:
    """`secret` gives the client's secret whenever it is needed ("" for a public client); it may block. Asked anew at every
    sign-in: few come, and keys change."""

    settings: OidcSettings
    secret: Callable[[], str]
    names: Names
    trust: Trust
    patience_seconds: float = PATIENCE_SECONDS

    async def gate(self, attempt: Attempt) -> str:
        """Where the browser goes. Raises `ProviderSilent`."""
        settings = self.settings
        found = await self._patient(self._metadata())
        anew = {"prompt": "login", "max_age": "0"} if attempt.again else {}
        uri: str = prepare_grant_uri(
            found["authorization_endpoint"],
            settings.client_id,
            "code",
            redirect_uri=settings.url.rstrip("/") + BACK,
            scope=list(settings.scopes),
            state=attempt.state,
            nonce=attempt.nonce,
            code_challenge=create_s256_code_challenge(attempt.verifier),
            code_challenge_method="S256",
            **anew,
        )
        return uri

    async def person(self, attempt: Attempt, code: str, now: Callable[[], datetime]) -> Person:
        """Who came back with that code. Raises `ProviderSilent`, `TokenRefused`, and `Stranger` for who is not named. Who
        was to sign in anew must have done so, and be the same."""
        found = await self._patient(self._claims(attempt, code, now))
        if attempt.again and not is_fresh(found, attempt.began_at):
            raise TokenRefused("It does not say that the person signed in anew (auth_time).")
        person = admitted(found, self.settings.people, self.settings.groups_claim)
        if attempt.again and attempt.again.subject != person.subject:
            raise TokenRefused("It is somebody else who signed in.")
        return person

    async def _claims(self, attempt: Attempt, code: str, now: Callable[[], datetime]) -> dict[str, Any]:
        settings = self.settings
        places = await self._metadata()
        sent = await self._tokens(places["token_endpoint"], attempt, code)
        keys = await self._get(places["jwks_uri"])
        access = sent.get("access_token")
        access = access if isinstance(access, str) else ""
        found = claims(
            sent.get("id_token"),
            keys,
            issuer=settings.issuer,
            client_id=settings.client_id,
            nonce=attempt.nonce,
            now=now(),
            access_token=access,
        )
        lacks = wants(settings.people, settings.groups_claim) - set(found)
        if lacks and access and "userinfo_endpoint" in places:
            found = {**await self._more(places["userinfo_endpoint"], access, found), **found}
        return found

    async def _more(self, place: str, access: str, found: Mapping[str, Any]) -> dict[str, Any]:
        """What it tells only when asked. Another person's is nobody's (OpenID Connect Core 1.0, 5.3.2)."""
        more = await self._get(place, access)
        if not isinstance(more, dict) or more.get("sub") != found["sub"]:
            raise TokenRefused("Its userinfo is another person's.")
        return more

    async def _tokens(self, place: str, attempt: Attempt, code: str) -> dict[str, Any]:
        settings, secret = self.settings, await asyncio.to_thread(self.secret)
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": settings.url.rstrip("/") + BACK,
            "code_verifier": attempt.verifier,
        }
        # RFC 6749, 2.3.1: encoded before they become a login. Without a secret the client only names itself.
        user = quote_plus(settings.client_id) if secret else ""
        fields |= {} if secret else {"client_id": settings.client_id}
        base, path = _cut(place)
        try:
            reply = await self._api(base, quote_plus(secret), user).form(path, fields)
        except NoAnswer as error:
            hint = _KEYS_CURE if error.word in ("refused_token", "unwilling") else None
            raise ProviderSilent(error.why, hint=hint) from error
        if not isinstance(reply.body, dict):
            raise ProviderSilent("It answered with no token.")
        return reply.body

    async def _metadata(self) -> dict[str, str]:
        issuer = self.settings.issuer
        return metadata(await self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration"), issuer)

    async def _get(self, place: str, token: str = "") -> Any:
        base, path = _cut(place)
        try:
            return (await self._api(base, token).get(path)).body
        except NoAnswer as error:
            raise ProviderSilent(error.why) from error

    def _api(self, base: str, token: str, user: str = "") -> Api:
        return Api(base, token, self.names, self.trust, 0.0, user=user)

    async def _patient(self, asked: Any) -> Any:
        try:
            return await asyncio.wait_for(asked, self.patience_seconds)
        except TimeoutError as error:
            raise ProviderSilent(f"No answer within {self.patience_seconds:g} s.") from error


def _cut(place: str) -> tuple[str, str]:
    """The host, and the rest as it was told: an ending slash may matter."""
    url = urlsplit(place)
    return f"{url.scheme}://{url.netloc}", url._replace(scheme="", netloc="", fragment="").geturl() or "/"
