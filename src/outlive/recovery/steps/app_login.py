"""`app-login`: the app's own login is let in at the target, before anybody is kept waiting for it."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from psycopg import conninfo

from outlive.errors import Failed
from outlive.recovery import stack_env
from outlive.recovery.moving import app, ends
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, World
from outlive.transport.postgres import DsnWay


class AppLogin(Manners):
    """`variables` of `env_file`: where the app keeps its connection strings. Asked from here, not from the app's network."""

    effect = Effect.READS

    def plan(self, world: World, inputs: Inputs) -> str:
        return f"logs in at the target as the app does, with what {', '.join(app.variables(inputs))} says"

    def look(self, world: World, inputs: Inputs) -> Look:
        if (known := inputs.facts.get(inputs.step)) is not None:
            return Done("the app's login was let in", known)
        text = stack_env.text(world, inputs)
        users = []
        for url in app.addresses(world, inputs, text).values():
            parts = urlsplit(url)
            login = {"user": unquote(parts.username or ""), "password": unquote(parts.password or "")}
            users.append(login["user"])
            way = DsnWay(conninfo.make_conninfo(ends.target_dsn(world, inputs), **login))
            with way.open() as door, ends.asking(door, door.database) as connection:
                ends.rows(connection, "SELECT 1")
        stack_env.changed(inputs, text, app.led(world, inputs, text))
        return Done(f"the target lets {', '.join(users)} in", {"app_users": users})

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        raise Failed(
            "the app's login was not let in.", hint="Give that role its password at the target, then --resume."
        )

    def undo(self, world: World, inputs: Inputs) -> None:
        """A look leaves nothing."""
