"""Who holds the records of a name, and is asked for them and for changes: a server that takes RFC 2136, Cloudflare, or
whoever dns-lexicon knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from outlive.commands import cloudflare, dns_update
from outlive.commands.dns_records import KINDS, Record, Standing
from outlive.config.secrets import resolve
from outlive.errors import UsageError
from outlive.recovery import cloud
from outlive.recovery.steps.base import World
from outlive.transport import dns_change, dns_lexicon
from outlive.transport.api import Api
from outlive.transport.dns import Names
from outlive.transport.net import NoAnswer

SUCH_AS = 'options = { auth_token = { env = "DNS_TOKEN" } }'
UNTOLD_SECONDS = 3600  # how long old answers are believed where the provider does not say


class Authority(Protocol):
    """Made for one question or change: it belongs to one event loop."""

    async def standing(self, name: str) -> tuple[Standing, int]:
        """The records, and for how many seconds "there is none" is believed. Raises `NoAnswer`."""

    async def change(self, before: Standing, after: Standing) -> None:
        """All of it or nothing, save for `Lexicon`. Raises `NoAnswer`; with a word of `NOT_DONE` nothing was done."""


def authority(world: World, args: Mapping[str, Any]) -> Authority:
    """As the runbook names it. Raises `UsageError` and `ConfigError`."""
    via = cloud.text(args, "via")
    if via == "cloudflare":
        api = cloud.api(world, str(args.get("url") or cloudflare.BASE), cloud.secret(args, "token"))
        return Cloudflare(api, cloud.text(args, "zone_id"))
    if via == "lexicon":
        dns_lexicon.must_be_installed()
        options = {name: _option(world, name, given) for name, given in cloud.table(args, "options", SUCH_AS).items()}
        return Lexicon(dns_lexicon.Account(cloud.text(args, "provider"), cloud.text(args, "zone"), options))
    if via != "rfc2136":
        raise UsageError(f"`via` is {via!r}.", hint='It is "rfc2136", "cloudflare" or "lexicon".')
    secret = resolve(cloud.secret(args, "key_secret"), world.settings.base)
    key = dns_update.Key(cloud.text(args, "key_name"), secret, cloud.text(args, "key_algorithm", "hmac-sha256"))
    names = Names(world.settings.watch.resolvers)
    return Rfc2136(cloud.text(args, "server"), int(args.get("port", 53)), cloud.text(args, "zone"), key, names)


def _option(world: World, name: str, given: Any) -> str:
    """A word as it stands there, or a secret from where it is."""
    return resolve(cloud.secret({name: given}, name), world.settings.base) if isinstance(given, dict) else str(given)


@dataclass(frozen=True, slots=True)
class Rfc2136:
    """The zone's primary: `server` is its name or address."""

    server: str
    port: int
    zone: str
    key: dns_update.Key = field(repr=False)
    names: Names

    async def standing(self, name: str) -> tuple[Standing, int]:
        address = (await self.names.resolve(self.server))[0]
        records: list[Record] = []
        negative = 0
        for kind in KINDS:
            answer = await dns_change.ask(dns_update.question(name, kind), address, self.port)
            try:
                found, alias = dns_update.read_answer(name, kind, answer)
            except ValueError as error:
                raise NoAnswer("unreadable", f"{self.server}: {error}") from error
            if alias:
                return Standing(name, (), alias), 0
            records += found
            negative = max(negative, dns_update.negative_seconds(answer))
        return Standing(name, tuple(records)), negative

    async def change(self, before: Standing, after: Standing) -> None:
        try:
            message = dns_update.change(self.zone, before, after, self.key)
        except ValueError as error:
            raise UsageError(f"{error}.", hint="Compare key_name and key_secret with the server's key.") from error
        address = (await self.names.resolve(self.server))[0]
        if why := dns_update.refusal(await dns_change.ask(message, address, self.port)):
            raise NoAnswer("unwilling", f"{self.server}: {why}")


@dataclass(frozen=True, slots=True)
class Cloudflare:
    """One zone at Cloudflare."""

    api: Api
    zone: str

    async def standing(self, name: str) -> tuple[Standing, int]:
        reply = await self.api.get(cloudflare.records_path(self.zone, name))
        try:
            return cloudflare.read_records(name, reply.body), cloudflare.AUTOMATIC_SECONDS
        except ValueError as error:
            raise NoAnswer("unreadable", f"Cloudflare: {error}") from error

    async def change(self, before: Standing, after: Standing) -> None:
        await self.api.send("POST", cloudflare.batch_path(self.zone), cloudflare.change(before, after))


@dataclass(frozen=True, slots=True)
class Lexicon:
    """A zone at another provider. Changed record by record, the new ones first: a kill in between leaves the name at both,
    which the next look finds."""

    account: dns_lexicon.Account

    async def standing(self, name: str) -> tuple[Standing, int]:
        found = await self.account.records(name, (*KINDS, "CNAME"))
        if alias := next((one["content"] for one in found if one["kind"] == "CNAME"), ""):
            return Standing(name, (), alias), UNTOLD_SECONDS
        told = [Record(one["kind"], one["content"], one["ttl"] or UNTOLD_SECONDS) for one in found]
        return Standing(name, tuple(told)), UNTOLD_SECONDS

    async def change(self, before: Standing, after: Standing) -> None:
        new = [one for one in after.records if one.address not in before.addresses]
        old = [one for one in before.records if one.address not in after.addresses]
        await self.account.replace(before.name, _plain(new), _plain(old))


def _plain(records: Sequence[Record]) -> list[dns_lexicon.Record]:
    return [{"kind": one.kind, "content": one.address, "ttl": one.ttl_seconds} for one in records]
