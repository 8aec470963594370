"""How steps reach an API of somebody else: the token from where the runbook says it is, at the moment it is needed."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from outlive.config.secrets import resolve
from outlive.errors import UsageError
from outlive.model.asset import SecretRef
from outlive.model.host import SshAddress
from outlive.recovery.intent import Intent
from outlive.recovery.steps.base import Inputs, World
from outlive.transport.api import NOT_DONE, Api
from outlive.transport.dns import Names
from outlive.transport.net import NoAnswer, Trust, trust

T = TypeVar("T")


def api(world: World, base: str, token: SecretRef, headers: Mapping[str, str] | None = None) -> Api:
    """Of one event loop: call it within `asked`. Raises `ConfigError` when the token is not to be had, and `UsageError`
    where everybody on the way would read it."""
    if not _may_have_token(base):
        hint = "Write https://...; plain http only to a private address of your own network."
        raise UsageError(f"a token is not sent to {base}.", hint=hint)
    watch = world.settings.watch

    async def sleep(seconds: float) -> None:
        await asyncio.to_thread(world.clock.sleep, seconds)

    return Api(
        base=base,
        token=resolve(token, world.settings.base),
        names=Names(watch.resolvers, min(5.0, watch.timeout_seconds)),
        trust=_trust(watch.ca_file),
        every_seconds=0.3,
        timeout_seconds=watch.timeout_seconds,
        sleep=sleep,
        headers=headers or {},
    )


def _may_have_token(base: str) -> bool:
    try:
        parts = urlsplit(base)
        return parts.scheme == "https" or ipaddress.ip_address(parts.hostname or "").is_private
    except ValueError:
        return False


@cache
def _trust(ca_file: Path | None) -> Trust:
    return trust(ca_file)


def asked(question: Callable[[], Awaitable[T]]) -> T:
    """The answer; raises `NoAnswer`."""

    async def run() -> T:
        return await question()

    return asyncio.run(run())


def change(intent: Intent, effect: Callable[[], Awaitable[T]]) -> T:
    """Asks for an effect that was noted. When it was surely not done, the note goes; else it stays, and a look tells."""
    try:
        return asked(effect)
    except NoAnswer as error:
        if error.word in NOT_DONE:
            intent.drop()
        raise


def secret(args: Mapping[str, Any], name: str) -> SecretRef:
    """The argument `name`: `{ env = ".." }`, `{ file = ".." }` or `{ command = [..] }`. Raises `UsageError`."""
    given = args.get(name)
    if isinstance(given, dict) and len(given) == 1 and given.keys() <= {"env", "file", "command"}:
        command = given.get("command")
        return SecretRef(given.get("env"), given.get("file"), tuple(command) if command else None)
    raise UsageError(
        f"`{name}` does not say where a secret is.",
        hint=f'Write {name} = {{ env = "NAME" }} or {{ file = "path" }} into the step; never the secret itself.',
    )


def text(args: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """A word of the runbook. Raises `UsageError` when it is missing or no text."""
    found = args.get(name, default)
    if isinstance(found, str) and found:
        return found
    raise UsageError(
        f"`{name}` is missing, or no text.", hint="docs/reference/cloud-steps.md tells what the step wants."
    )


def texts(args: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A list of words of the runbook; empty when it is missing. Raises `UsageError`."""
    found = args.get(name, [])
    if isinstance(found, list):
        return tuple(str(one) for one in found)
    raise UsageError(f"`{name}` is no list.", hint=f'Such as: {name} = ["..."]')


def table(args: Mapping[str, Any], name: str, such_as: str) -> Mapping[str, Any]:
    """A table of the runbook; empty when it is missing. `such_as` shows one. Raises `UsageError`."""
    found = args.get(name, {})
    if isinstance(found, dict):
        return found
    raise UsageError(f"`{name}` is no table.", hint=f"Such as: {such_as}")


def new_address(world: World, inputs: Inputs) -> str:
    """Where the new machine is: as the step that made it found, else as it is reached."""
    found = inputs.args.get("address") or inputs.fact("made_address")
    return str(found) if found else SshAddress.parse(world.target.address).host
