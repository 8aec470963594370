"""`dns`: a name leads to the new machine. What it led to before is kept, and is what `undo` puts back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from outlive.commands.dns_records import TTL_SECONDS, Standing, believed_until, from_facts, wanted
from outlive.errors import Failed, UsageError
from outlive.recovery import cloud
from outlive.recovery.authority import authority
from outlive.recovery.intent import Intent
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, Unknown, World
from outlive.transport.net import NoAnswer

CURE = "Look at the records at the provider; what they were stands in the report."


class Dns(Manners):
    """Facts: `name`, `addresses`, `former` (the records before), `believed_until` (until then somebody may still be led to
    the old machine)."""

    effect = Effect.CHANGES
    timeout_seconds = 120.0
    attempts = 5
    pause_seconds = 10.0
    rehearsed = False

    def plan(self, world: World, inputs: Inputs) -> str:
        where = inputs.args.get("address") or "the new machine"
        return f"{_name(inputs)} leads to {where} and nowhere else, by {cloud.text(inputs.args, 'via')}"

    def changes(self, world: World, inputs: Inputs) -> list[str]:
        ttl = int(inputs.args.get("ttl_seconds", TTL_SECONDS))
        new = [inputs.args.get("address") or world.told(inputs), *filter(None, [inputs.args.get("address6")])]
        after = [f"+ {one}, lives {ttl} s" for one in new]
        try:
            now, _ = _ask(world, inputs)
        except NoAnswer as error:
            return [f"- what {_name(inputs)} leads to now was not told: {error}", *after]
        if now.alias:
            return [f"- CNAME {now.alias}: name that one in the runbook, this is not changed"]
        proxied = {True: ", proxied", False: ""}
        before = [
            f"- {one.kind} {one.address}, lives {one.ttl_seconds} s{proxied[one.is_proxied]}" for one in now.records
        ]
        return [*(before or ["- no address"]), *after]

    def look(self, world: World, inputs: Inputs) -> Look:
        now, _ = _ask(world, inputs)
        if now.alias:
            return Unknown(f"{now.name} is an alias of {now.alias}: name that one in the runbook")
        after = _wanted(world, inputs, now)
        if now.addresses != after.addresses:
            return NotYet(f"{now.name} leads to {', '.join(sorted(now.addresses)) or 'nowhere'}")
        noted = Intent(world, inputs).read()
        facts: dict[str, Any] = {"name": now.name, "addresses": sorted(now.addresses)}
        if noted is None:
            return Done(f"{now.name} leads there already", facts)
        former = from_facts(now.name, noted["former"])
        earlier = inputs.facts.get(inputs.step, {})
        seen_at = datetime.fromisoformat(earlier["seen_at"]) if "seen_at" in earlier else world.clock.now()
        until = believed_until(former, seen_at, noted["negative_seconds"])
        facts |= {"former": noted["former"], "seen_at": seen_at.isoformat(), "believed_until": until.isoformat()}
        return Done(
            f"{now.name} leads to {', '.join(sorted(now.addresses))}; old answers live until {until:%H:%M:%S}Z", facts
        )

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        now, negative_seconds = _ask(world, inputs)
        after = _wanted(world, inputs, now)
        if now.alias or now.addresses == after.addresses:
            return
        intent = Intent(world, inputs)
        intent.note({"former": now.as_facts(), "negative_seconds": negative_seconds, "wanted": sorted(after.addresses)})
        cloud.change(intent, lambda: authority(world, inputs.args).change(now, after))

    def undo(self, world: World, inputs: Inputs) -> None:
        """Puts back what was there, unless somebody has changed it since: then a person must look."""
        noted = Intent(world, inputs).read()
        if noted is None:
            return
        now, _ = _ask(world, inputs)
        before = from_facts(now.name, noted["former"])
        if now.addresses == before.addresses:
            return
        if not _is_ours(now.addresses, before.addresses, frozenset(noted["wanted"])):
            raise Failed(f"{now.name} leads to {sorted(now.addresses)} by now, which this run did not say.", hint=CURE)
        cloud.asked(lambda: authority(world, inputs.args).change(now, before))


def _is_ours(now: frozenset[str], before: frozenset[str], wanted: frozenset[str]) -> bool:
    """What this run left: what it wanted, or, where records are changed one by one, a state on the way there or back."""
    return now <= before | wanted and (wanted <= now or before <= now)


def _name(inputs: Inputs) -> str:
    return cloud.text(inputs.args, "record").rstrip(".").lower()


def _ask(world: World, inputs: Inputs) -> tuple[Standing, int]:
    return cloud.asked(lambda: authority(world, inputs.args).standing(_name(inputs)))


def _wanted(world: World, inputs: Inputs, now: Standing) -> Standing:
    addresses = [cloud.new_address(world, inputs)]
    if more := inputs.args.get("address6"):
        addresses.append(str(more))
    try:
        return wanted(now.name, addresses, now, int(inputs.args.get("ttl_seconds", TTL_SECONDS)))
    except ValueError as error:
        hint = 'Say it in the step: address = "203.0.113.9".'
        raise UsageError(f"{addresses[0]} is no address that a name can lead to.", hint=hint) from error
