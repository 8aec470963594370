"""Records at any of the ninety DNS providers that dns-lexicon knows (the extra `lexicon`).

It asks without time-outs of ours and may say secrets in its errors, so it works in a process of its own, which is ended
when its time is over: the task goes in by standard input, never by the command line, and of an error only its kind comes
out.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

from outlive.errors import CommandFailed, ConfigError
from outlive.transport.net import NoAnswer
from outlive.transport.process import run

Record = dict[str, Any]  # kind, content, ttl (seconds, or None where the provider tells none)


@dataclass(frozen=True, slots=True)
class Account:
    """At `provider`, as dns-lexicon calls it; `zone` is the domain there; `options` are its, with their secrets."""

    provider: str
    zone: str
    options: Mapping[str, str] = field(repr=False)
    timeout_seconds: float = 60.0

    async def records(self, name: str, kinds: Sequence[str]) -> list[Record]:
        """Those of the name. Raises `NoAnswer`."""
        found = await self._ask({"name": name, "kinds": list(kinds)})
        return [one for one in found if isinstance(one, dict)]

    async def replace(self, name: str, create: Sequence[Record], delete: Sequence[Record]) -> None:
        """Creates, sees that it is there, and only then deletes: the name leads somewhere at every moment, and for a while
        to both. Raises `NoAnswer`, which says nothing of what was done."""
        await self._ask({"name": name, "create": list(create), "delete": list(delete)})

    async def _ask(self, task: Mapping[str, Any]) -> list[Any]:
        given = {"provider": self.provider, "zone": self.zone, "options": dict(self.options), **task}
        argv = [sys.executable, "-P", "-m", "outlive.transport.dns_lexicon"]
        said = partial(run, argv, shown=("dns-lexicon",), stdin=json.dumps(given).encode())
        try:
            done = await asyncio.to_thread(said, timeout_seconds=self.timeout_seconds)
            answer = json.loads(done.stdout)
        except CommandFailed as error:
            raise NoAnswer("timeout", f"{self.provider}: {error.detail}") from error
        except ValueError as error:
            raise NoAnswer("unreadable", f"{self.provider}: dns-lexicon ended with {done.status}") from error
        if "error" in answer:
            raise NoAnswer("unreadable", f"{self.provider}: {answer['error']}")
        return list(answer["found"])


def must_be_installed() -> None:
    """Raises `ConfigError` when dns-lexicon is not."""
    if find_spec("lexicon") is None:
        raise ConfigError(
            "dns-lexicon is not installed here.", hint="Install it beside outlive: pip install 'outlive[lexicon]'"
        )


# --- in the process of its own -----------------------------------------------------------------------------------


def main() -> None:
    task = json.load(sys.stdin)
    try:
        answer: dict[str, Any] = {"found": _carry_out(task)}
    except Exception as error:  # noqa: BLE001 (some of the providers' modules raise Exception itself)
        answer = {"error": _kind(error)}
    json.dump(answer, sys.stdout)


def _carry_out(task: Mapping[str, Any]) -> list[Record]:
    import tldextract
    from lexicon.client import Client
    from lexicon.config import ConfigResolver

    # It would ask a website for the list of public suffixes, to guess the zone that it is told.
    tldextract.TLDExtract = lambda **_: _parts  # type: ignore[misc,assignment]
    config = {"provider_name": task["provider"], "domain": task["zone"]}
    if task.get("create"):
        config["ttl"] = task["create"][0]["ttl"]
    resolver = ConfigResolver()  # type: ignore[no-untyped-call]
    resolver.with_dict({**config, task["provider"]: task["options"]})
    with Client(resolver) as operations:
        name = task["name"]
        if "kinds" in task:
            return [one for kind in task["kinds"] for one in _listed(operations, kind, name)]
        for one in task["create"]:
            operations.create_record(one["kind"], name, one["content"])
            if not any(there["content"] == one["content"] for there in _listed(operations, one["kind"], name)):
                raise RuntimeError
        for one in task["delete"]:
            operations.delete_record(rtype=one["kind"], name=name, content=one["content"])
    return []


def _parts(zone: str) -> SimpleNamespace:
    """Of which it makes the zone again."""
    domain, _, suffix = zone.partition(".")
    return SimpleNamespace(domain=domain, suffix=suffix)


def _listed(operations: Any, kind: str, name: str) -> list[Record]:
    """Of the name itself: some providers filter by less."""
    found = operations.list_records(rtype=kind, name=name)
    return [
        {"kind": kind, "content": one["content"].rstrip("."), "ttl": int(one["ttl"]) if one.get("ttl") else None}
        for one in found
        if one["name"].rstrip(".").lower() == name and one["type"] == kind
    ]


def _kind(error: Exception) -> str:
    """What it was, without its words: URLs and tokens stand in them."""
    status = getattr(getattr(error, "response", None), "status_code", "")
    if type(error) is RuntimeError:
        return "it took a record and does not show it; nothing was removed"
    return f"{type(error).__name__} {status}".strip()


if __name__ == "__main__":
    main()
