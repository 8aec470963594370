"""`page`: users are served: every page of the host, asked from here at the new machine's address under its own name."""

from __future__ import annotations

import asyncio

from outlive.errors import Failed
from outlive.model.host import SshAddress
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World
from outlive.transport.dns import Names, literal_address
from outlive.transport.http import Answer, Question, ask
from outlive.transport.net import trust

POLL_SECONDS = 1.0


class Page(Manners):
    """Facts: `served` (the URLs), `served_at`."""

    effect = Effect.READS
    timeout_seconds = 300.0

    def plan(self, world: World, inputs: Inputs) -> str:
        urls = ", ".join(check.url for check in world.host.all_checks) or "nothing: the host has no `urls` or checks"
        return f"asks the new machine for {urls}"

    def look(self, world: World, inputs: Inputs) -> Look:
        if not world.host.all_checks:
            return Done("no page is known, so none was asked", {"served": []})
        answers = asyncio.run(self._ask(world))
        checks = world.host.all_checks
        bad = [
            f"{one.url}: {why}"
            for one, answer in zip(checks, answers, strict=True)
            if (why := _wrong(answer, one.contains))
        ]
        if bad:
            return NotYet("; ".join(bad))
        at = inputs.facts.get(inputs.step, {}).get("served_at") or world.clock.now().isoformat()
        return Done(f"{len(checks)} pages answer", {"served": [one.url for one in checks], "served_at": at})

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        end = world.clock.monotonic() + timeout_seconds
        while not isinstance(seen := self.look(world, inputs), Done):
            if world.clock.monotonic() > end:
                raise Failed(
                    seen.why, hint="Look at the logs of the edge and the app there, then `outlive recover --resume`."
                )
            world.clock.sleep(POLL_SECONDS)

    def undo(self, world: World, inputs: Inputs) -> None:
        """A look leaves nothing."""

    async def _ask(self, world: World) -> list[Answer]:
        watch = world.settings.watch
        names, trusted = Names(watch.resolvers, watch.timeout_seconds), trust(watch.ca_file)
        host = SshAddress.parse(world.target.address).host
        address = literal_address(host) or (await names.resolve(host))[0]
        questions = [Question(check.url, address, watch.timeout_seconds) for check in world.host.all_checks]
        return list(await asyncio.gather(*(ask(one, names, trusted) for one in questions)))


def _wrong(answer: Answer, contains: str | None) -> str:
    if answer.error:
        return answer.why or answer.error
    if answer.status is None or answer.status >= 400:
        return f"status {answer.status}"
    if answer.distrust:
        return f"its certificate is not valid: {answer.distrust}"
    if contains and contains.encode() not in answer.body:
        return f"the page does not say {contains!r}"
    return ""
