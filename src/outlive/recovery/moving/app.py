"""The variables by which the app finds its database, as they are and as they will be."""

from __future__ import annotations

from psycopg import conninfo

from outlive.commands import env_file
from outlive.errors import Failed
from outlive.recovery import stack_env
from outlive.recovery.moving import app_address, ends
from outlive.recovery.steps.base import Inputs, World

CURE = (
    "The app must find its database by a variable of that file: write NAME=postgresql://... there with today's value, and "
    "NAME: ${NAME} into the compose file, deploy that, and name it in `variables` of this step."
)


def variables(inputs: Inputs) -> list[str]:
    named = inputs.args.get("variables") or ["DATABASE_URL"]
    return [str(one) for one in named]


def addresses(world: World, inputs: Inputs, text: str) -> dict[str, str]:
    """Of each variable in that `.env`. They hold passwords. Raises `Failed`, which shows none."""
    known = env_file.values(text)
    for name in variables(inputs):
        if name not in known:
            raise Failed(f"{stack_env.path(inputs)} on {world.target.name} sets no {name}.", hint=CURE)
        try:
            app_address.host_and_database(known[name])
        except ValueError as error:
            raise Failed(f"{name} in {stack_env.path(inputs)}: {error}.", hint=CURE) from error
    return {name: known[name] for name in variables(inputs)}


def led(world: World, inputs: Inputs, text: str) -> dict[str, str]:
    """The same variables, leading to the target. `app_host` and `app_port` where the app reaches it by another name."""
    target = conninfo.conninfo_to_dict(ends.target_dsn(world, inputs))
    host, port = (
        str(inputs.args.get("app_host") or target["host"]),
        int(inputs.args.get("app_port") or target.get("port") or app_address.PORT),
    )
    sslmode = str(target["sslmode"]) if target.get("sslmode") else None
    found = {}
    for name, url in addresses(world, inputs, text).items():
        _insist_from_here(world, inputs, name, url)
        try:
            found[name] = app_address.led_to(url, host, port, ends.moved(inputs), sslmode)
        except ValueError as error:
            raise Failed(f"{name} in {stack_env.path(inputs)}: {error}.", hint=CURE) from error
    return found


def _insist_from_here(world: World, inputs: Inputs, name: str, url: str) -> None:
    """A variable that leads elsewhere is of another database."""
    host, _, _ = app_address.host_and_database(url)
    container = ends.asset(world, inputs).container
    service = (container or "").rpartition("/")[2]
    if service and host not in (service, container, f"{inputs.fact('project')}-{service}-1", "localhost", "127.0.0.1"):
        raise Failed(f"{name} in {stack_env.path(inputs)} leads to {host}, not to {service}.", hint=CURE)
