"""`move-check`: what stands against moving this cluster is said before anything is begun, each with its cure."""

from __future__ import annotations

from outlive.errors import Refused
from outlive.recovery import cloud
from outlive.recovery.moving import ends, fit, survey
from outlive.recovery.steps.base import Done, Effect, Inputs, Look, Manners, NotYet, World
from outlive.sources.postgres_inventory import PROVIDERS_OWN

OWN = ("template1", *PROVIDERS_OWN)


class MoveCheck(Manners):
    """`way`: `dump` or `logical`. Facts: `databases` (what each is called at the target), `warnings`."""

    effect = Effect.READS
    attempts = 1

    def plan(self, world: World, inputs: Inputs) -> str:
        ends.asset(world, inputs)
        cloud.secret(inputs.args, "target")
        if inputs.args.get("way") == fit.LOGICAL:
            cloud.secret(inputs.args, "source_for_target")
        return "compares versions, roles, extensions and tables with what the target can take; a blocker ends it here"

    def look(self, world: World, inputs: Inputs) -> Look:
        if (known := inputs.facts.get(inputs.step)) is not None:
            return Done("was looked at before anything was begun", known)
        way = str(inputs.args.get("way", fit.DUMP))
        with ends.source(world, inputs).open() as here, ends.target(world, inputs).open() as there:
            source, target = survey.server(here), survey.server(there)
            found = [
                survey.database(here, name, source.encodings[name]) for name in sorted(source.encodings.keys() - {*OWN})
            ]
            empty = ends.holds_nothing(here, "postgres") if "postgres" in source.encodings else True
        moving = [one for one in found if not (one.name == "postgres" and empty)]
        plan = ends.named_there(world, inputs, [one.name for one in moving])
        against = list(fit.blockers(way, source, target, moving, plan))
        if full := ends.full(world, inputs, [name for name in plan.values() if name in target.encodings]):
            against.append(f"database {', '.join(full)} at the target is not empty: nothing is ever written over")
        if not moving:
            against.append("there is no database to move")
        if against:
            return NotYet("; ".join(against))
        told = list(fit.warnings(way, source, moving))
        return Done(
            "; ".join([f"nothing stands against it: {', '.join(plan)}", *told]), {"databases": plan, "warnings": told}
        )

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        seen = self.look(world, inputs)
        raise Refused(
            f"It cannot move as it is: {seen.why if isinstance(seen, NotYet) else ''}.",
            hint="Nothing was changed. Do what is said there, then `outlive recover --resume`; or --undo ends the run.",
        )

    def undo(self, world: World, inputs: Inputs) -> None:
        """A look leaves nothing."""
