"""Who may come in, and what for. PURE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from outlive.config.schema_people import OidcPerson
from outlive.web.oidc.errors import Stranger
from outlive.web.tokens import ACT, READ

MOST_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Person:
    """`subject` is what the provider never gives to anybody else; `who` is what people read."""

    subject: str
    who: str
    scopes: tuple[str, ...]


def wants(people: Sequence[OidcPerson], groups_claim: str) -> set[str]:
    """The claims that decide."""
    return {"email" for one in people if one.email} | {groups_claim for one in people if one.group}


def admitted(claims: Mapping[str, Any], people: Sequence[OidcPerson], groups_claim: str) -> Person:
    """The person that validated claims tell of. Raises `Stranger`: nobody comes in who is not named in `people`. An
    address counts only when the provider says that it was verified: at many of them anybody may write any."""
    subject, email, groups = str(claims["sub"]), _email(claims), _groups(claims.get(groups_claim))
    may = {
        one.may
        for one in people
        if one.subject == subject or (one.email and one.email.casefold() == email) or (one.group in groups)
    }
    who = _readable(email or subject)
    if not may:
        unproven = "" if email or "email" not in claims else " (the provider has not verified the email address)"
        raise Stranger(f"{who}, subject {_readable(subject)}{unproven}, is nobody whom [[page.oidc.people]] names.")
    return Person(subject, who, (READ, ACT) if ACT in may else (READ,))


def _email(claims: Mapping[str, Any]) -> str:
    email = claims.get("email")
    return email.casefold() if isinstance(email, str) and claims.get("email_verified") is True else ""


def _groups(told: Any) -> frozenset[str]:
    return frozenset(one for one in told if isinstance(one, str)) if isinstance(told, list) else frozenset()


def _readable(text: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in text[:MOST_CHARACTERS])
