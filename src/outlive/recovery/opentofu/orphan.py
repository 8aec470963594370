"""A machine that OpenTofu may have asked for, and of which its state knows nothing: cut off in the middle, or its provider's
answer lost. It is never asked for again before that is cleared up: nobody buys a second server."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from outlive.commands.tofu_apply import asked_to_make
from outlive.errors import Refused
from outlive.model.project import Server
from outlive.recovery import cloud
from outlive.recovery.intent import Intent
from outlive.recovery.maker import maker
from outlive.recovery.opentofu.module import Module
from outlive.recovery.steps.base import Inputs, Look, NotYet, Unknown, World

SETTLE_SECONDS = 600.0  # as an order at the provider itself: so long it may be under way without being listed


def boot() -> str:
    """Of this machine, since it was started. What an apply printed before is not believed to be all of it: it may have been
    in memory only."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def named(world: World, inputs: Inputs, hostname: str) -> list[str] | None:
    """The ids of the servers that the provider has of that name; None when no provider can be asked. Raises `NoAnswer`."""
    found = _servers(world, inputs, hostname)
    return None if found is None else [one.id for one in found]


def look(world: World, inputs: Inputs, module: Module, intent: Intent, noted: Mapping[str, Any]) -> Look:
    """Whether it may be made, the state not having it. Raises `Refused` when a person must clear that up."""
    if noted["boot"] == boot() and not asked_to_make(module.tofu.log(), module.resource):
        return NotYet("the provider was never asked for it")
    if unsaved := module.tofu.unsaved_state(datetime.fromisoformat(noted["at"]).timestamp()):
        push = f"`{module.tofu.program} -chdir={module.tofu.folder} state push {unsaved.name}`"
        raise Refused(
            f"{module.resource} was asked for, and the backend did not take the state afterwards: it is in {unsaved}.",
            hint=f"{push}, once the backend answers; then `outlive recover --resume`. Remove {unsaved} in the end: it holds "
            "secrets. Without it a second machine would be bought.",
        )
    name = str(noted["hostname"])
    found = _servers(world, inputs, name)
    if found is None:
        raise Refused(
            f"An apply was cut off, or failed, after it had asked for {module.resource}: it may be there, or not.",
            hint=f"Look for {name or 'it'} in the provider's console. Is it there: "
            f"`{module.import_command('ID')}`. Is it surely not there: remove {intent.path}. Then "
            "`outlive recover --resume`. (With `provider` in the step this is looked for.)",
        )
    if new := [one for one in found if one.id not in noted["others"]]:
        raise Refused(
            f"{new[0].hostname} (id {new[0].id}) was made, and the state does not know it.",
            hint=f"`{module.import_command(new[0].id)}`, then `outlive recover --resume`. (Is the state locked: the apply "
            "that was cut off has left that; docs/how-to/remote-state.md.)",
        )
    if left := intent.settles_in_seconds(SETTLE_SECONDS):
        return Unknown(f"it was asked for, and is not listed yet; for certain in {left:.0f} s")
    return NotYet(f"the provider has no new server {name}")


def _servers(world: World, inputs: Inputs, hostname: str) -> list[Server] | None:
    if not hostname or "provider" not in inputs.args:
        return None
    servers = cloud.asked(lambda: maker(world, inputs.args).servers())
    return [one for one in servers if one.hostname == hostname and one.state != "terminating"]
