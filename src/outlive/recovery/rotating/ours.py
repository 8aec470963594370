"""Which variables of a `.env` hold the password of which role, told by what Postgres keeps of the passwords. Pure.

Passwords go in and new values come out; what is found names variables and roles alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from outlive.commands import env_file
from outlive.recovery.rotating import verifiers


@dataclass(frozen=True, slots=True)
class Role:
    """A role that logs in with a password, of one guarded cluster. `is_ours`: we log in with it ourselves, by a password
    that only a person can change in our configuration."""

    asset: str
    name: str
    verifier: str
    is_ours: bool = False

    def __str__(self) -> str:
        return f"{self.name} of {self.asset}"


@dataclass(frozen=True, slots=True)
class Shared:
    """One password: the variables that hold it, and the roles that it opens."""

    variables: tuple[str, ...]
    roles: tuple[Role, ...]


def passwords(text: str) -> dict[str, str]:
    """What each variable may be the password of: its value, or the password in it where it is an address. A variable that is
    made of others follows these by itself and is left out."""
    lines = env_file.lines(text)
    known = {name: value for name, value in env_file.values(text).items() if "$" not in lines[name]}
    return {name: secret for name, value in known.items() if (secret := _password(value))}


def shared(text: str, roles: Sequence[Role]) -> tuple[Shared, ...]:
    """Those that we can change: a password that a variable holds and a role has, and that is not our own login's."""
    found: dict[str, list[str]] = {}
    for name, secret in passwords(text).items():
        found.setdefault(secret, []).append(name)
    groups = []
    for secret, names in found.items():
        opened = [one for one in roles if verifiers.is_of(one.verifier, secret, one.name)]
        if opened and not any(one.is_ours for one in opened):
            groups.append(Shared(tuple(names), tuple(opened)))
    return tuple(groups)


def renewed(text: str, groups: Iterable[Shared], fresh: Iterable[str]) -> dict[str, str]:
    """The new value of each variable: one of `fresh` (words that need no quotes) for each password."""
    values = env_file.values(text)
    return {
        name: _with(values[name], secret) for one, secret in zip(groups, fresh, strict=True) for name in one.variables
    }


def of_roles(text: str, groups: Iterable[Shared]) -> dict[tuple[str, str], str]:
    """The password of each role as that `.env` has it, by asset and name."""
    known = passwords(text)
    return {(role.asset, role.name): known[one.variables[0]] for one in groups for role in one.roles}


def names(groups: Iterable[Shared]) -> list[str]:
    return [name for one in groups for name in one.variables]


def document(groups: Iterable[Shared]) -> list[dict[str, list[str]]]:
    """Free of secrets, for the journal."""
    return [
        {"variables": list(one.variables), "roles": [f"{role.asset}/{role.name}" for role in one.roles]}
        for one in groups
    ]


def read_document(found: Sequence[Mapping[str, Sequence[str]]]) -> tuple[Shared, ...]:
    """As `document` wrote it; what Postgres keeps of the passwords is not in it."""
    return tuple(
        Shared(tuple(one["variables"]), tuple(Role(*name.partition("/")[::2], verifier="") for name in one["roles"]))
        for one in found
    )


def _password(value: str) -> str:
    try:
        parts = urlsplit(value) if "://" in value else None
    except ValueError:
        return ""
    return value if parts is None else unquote(parts.password or "")


def _with(value: str, secret: str) -> str:
    if "://" not in value:
        return secret
    parts = urlsplit(value)
    login, _, where = parts.netloc.rpartition("@")
    user = login.partition(":")[0]
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(secret, safe='')}@{where}"))
