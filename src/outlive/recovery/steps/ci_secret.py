"""`ci-secret`: a secret of a repository's Actions leads to the new machine: its address, or its pinned host key."""

from __future__ import annotations

import hashlib
from typing import Any

from outlive.commands import github
from outlive.errors import Failed, UsageError
from outlive.model.host import Host, SshAddress
from outlive.recovery import cloud
from outlive.recovery.intent import Intent
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World
from outlive.transport.api import Api
from outlive.transport.net import NoAnswer

CURE = "Compare `repo`, `secret` and `environment` of the step with the repository's settings."


class CiSecret(Manners):
    """GitHub never tells a secret's value, so that it was set is known from this run's journal alone; setting it again
    to the same value changes nothing. Facts: `secret`, `updated_at`, `value_sha256`."""

    effect = Effect.CHANGES
    timeout_seconds = 120.0
    attempts = 5
    pause_seconds = 10.0
    rehearsed = False

    def plan(self, world: World, inputs: Inputs) -> str:
        what = {"address": "address", "known_hosts": "pinned host key"}[_what(inputs)]
        name = cloud.text(inputs.args, "secret")
        return f"the secret {name} of {cloud.text(inputs.args, 'repo')} becomes the new machine's {what}"

    def changes(self, world: World, inputs: Inputs) -> list[str]:
        what = {"address": "the address of", "known_hosts": "the pinned host key of"}[_what(inputs)]
        name = cloud.text(inputs.args, "secret")
        after = f"+ {name} = {what} {inputs.args.get('address') or world.told(inputs)}"
        try:
            now = cloud.asked(lambda: _updated_at(_api(world, inputs), inputs))
        except NoAnswer as error:
            return [f"- {name}: GitHub did not tell whether it is set: {error}", after]
        return [f"- {name}, set {now}; nobody can read what it is" if now else f"- {name} is not set", after]

    def look(self, world: World, inputs: Inputs) -> Look:
        known = inputs.facts.get(inputs.step)
        if not known or known.get("value_sha256") != _digest(_value(world, inputs)):
            return NotYet("this run has not set it")
        now = cloud.asked(lambda: _updated_at(_api(world, inputs), inputs))
        if now is None or now < known["updated_at"]:
            return NotYet("the secret is gone, or older than what this run set")
        again = f", and by somebody else at {now}" if now > known["updated_at"] else ""
        return Done(f"{known['secret']} was set at {known['updated_at']}{again}", known)

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> dict[str, Any]:
        value = _value(world, inputs)
        Intent(world, inputs).note({"secret": cloud.text(inputs.args, "secret")})
        return cloud.asked(lambda: _set(_api(world, inputs), inputs, value))

    def undo(self, world: World, inputs: Inputs) -> None:
        """What it was nobody can read: it becomes the former machine's address, or host key, which we know."""
        if inputs.facts.get(inputs.step) or Intent(world, inputs).read():  # also when its answer was never heard
            former = _value_of(world, _what(inputs), world.host, SshAddress.parse(world.host.address).host)
            cloud.asked(lambda: _set(_api(world, inputs), inputs, former))


def _api(world: World, inputs: Inputs) -> Api:
    return cloud.api(
        world, str(inputs.args.get("url") or github.BASE), cloud.secret(inputs.args, "token"), github.HEADERS
    )


def _what(inputs: Inputs) -> str:
    what = str(inputs.args.get("what", "address"))
    if what not in ("address", "known_hosts"):
        raise UsageError(f"`what` is {what!r}.", hint='It is "address" or "known_hosts".')
    return what


def _value(world: World, inputs: Inputs) -> str:
    address = cloud.new_address(world, inputs)
    return _value_of(world, _what(inputs), world.target if world.new else world.host, address)


def _value_of(world: World, what: str, host: Host, address: str) -> str:
    """Raises `Failed` when no host key is pinned: CI must not learn it from whoever answers."""
    if what == "address":
        return address
    lines = [line for line in _pinned(world) if _is_of(line, address, SshAddress.parse(host.address).port)]
    if not lines:
        raise Failed(f"no host key of {address} is pinned.", hint="Pin it first; `ssh-keyscan` proves nothing.")
    return "\n".join(lines) + "\n"


def _pinned(world: World) -> list[str]:
    path = world.settings.keeper.known_hosts
    try:
        return [line for line in path.read_text("utf-8").splitlines() if line.strip() and not line.startswith("#")]
    except OSError as error:
        raise Failed(f"{path}: {error.strerror}.", hint="It holds the pinned host keys.") from error


def _is_of(line: str, address: str, port: int | None) -> bool:
    known_as = address if port in (None, 22) else f"[{address}]:{port}"
    return known_as in line.split()[0].split(",")


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


async def _set(api: Api, inputs: Inputs, value: str) -> dict[str, Any]:
    args = inputs.args
    repo, name, environment = cloud.text(args, "repo"), cloud.text(args, "secret"), str(args.get("environment", ""))
    try:
        path = github.secret_path(repo, name, environment)
        key = (await api.get(github.key_path(repo, environment))).body
        await api.send("PUT", path, github.sealed(value, key))
    except ValueError as error:
        raise UsageError(f"{error}.", hint=CURE) from error
    updated_at = await _updated_at(api, inputs)
    if updated_at is None:
        raise NoAnswer("unreadable", f"GitHub took the secret {name} and does not know it yet")
    return {"secret": name, "updated_at": updated_at, "value_sha256": _digest(value)}


async def _updated_at(api: Api, inputs: Inputs) -> str | None:
    """None when there is no such secret."""
    args = inputs.args
    path = github.secret_path(cloud.text(args, "repo"), cloud.text(args, "secret"), str(args.get("environment", "")))
    reply = await api.get(path, absent_ok=True)
    if reply.status == 404:
        return None
    try:
        return github.read_updated_at(reply.body).isoformat()
    except ValueError as error:
        raise NoAnswer("unreadable", str(error)) from error
