"""What a step of a runbook is. A new one is a file in this folder and a line in `registry.py`; the steps do not know one
another (import-linter holds it), they hand on what they found as *facts*.

How a run treats a step (`recovery/act.py`): it looks; what is `Done` is not done again; on `NotYet` it does it and looks
again; on `Unknown` it does nothing and looks again later. So a kill anywhere, also between an effect and its record, is
made good by the next look, and what a step leaves on the world must be such that `look` can tell. An effect that cannot
be looked for must be asked for with `Inputs.key`, which is the same at every attempt (an idempotency key, a label, a
name).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from outlive.clock import Clock
from outlive.config.schema import Settings
from outlive.errors import UsageError
from outlive.model.asset import Asset
from outlive.model.host import Host
from outlive.state.watching import Watching
from outlive.transport.base import Shell
from outlive.vault.base import Vault
from outlive.vault.encryption import Identity


@dataclass(frozen=True, slots=True)
class Done:
    """It is so. `facts` (JSON) are for later steps and the report; they hold no secret, for they are remembered and
    shown. `said` tells a person in a few words what is there."""

    said: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotYet:
    """It is surely not so: it may be done now."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Could not tell (unreachable, time-out, an answer nobody understands): nothing is done on such a look."""

    why: str


Look = Done | NotYet | Unknown


class Effect(StrEnum):
    """What a step does to the world, for the plan that a person is shown."""

    READS = "looks"
    CREATES = "creates"
    CHANGES = "changes"
    DESTROYS = "destroys"  # only behind the gate, and only with an approval of its own


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a step is given. `run` and `step` are names that stay the same at every attempt and resumption; `args` is what
    the runbook says (`[[steps]]`, without the keys that belong to the run: name, kind, time-outs, approval); `facts` is
    what the steps before it found, by the step's name, in their order; `begun` are the kinds of step that this run has ever
    begun, undone ones too."""

    run: str
    step: str
    args: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    begun: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """The same at every attempt, different for every run and step."""
        return f"{self.run}:{self.step}"

    @property
    def digest(self) -> str:
        """Of the key, in hexadecimal: for names of files and of what is ordered."""
        return sha256(self.key.encode()).hexdigest()

    @property
    def copy(self) -> str:
        """The copy that is meant for this step's asset: the one that a step of this run has taken, else the one that was
        shown in the plan."""
        taken = self.fact("copies") or {}
        return str(taken.get(self.args["asset"]) or self.args["copy"])

    def fact(self, name: str) -> Any:
        """The newest fact of that name that any earlier step found; None when none did."""
        return next((found[name] for found in reversed(list(self.facts.values())) if name in found), None)


@dataclass(frozen=True, slots=True)
class World:
    """What steps work with, joined in `wiring_recovery.py`. `host` is the one that is recovered, as `outlive.toml` knew it
    when the run began; `new` the machine that is worked on (None until the one that the run orders is there).
    Secrets are resolved where they are used: `resolve(SecretRef(..), world.settings.base)`. `outlive` runs one of our own
    commands as a process (argv, time-out) and returns `{"exit_code", "document"}`; `folder` is the run's own, private one
    here; `say` tells progress."""

    clock: Clock
    settings: Settings
    vault: Vault
    identities: Sequence[Identity]
    memory: Watching
    host: Host
    new: Host | None
    shell: Callable[[Host], Shell]
    outlive: Callable[[Sequence[str], float], dict[str, Any]]
    folder: Path
    rehearsal: bool = False
    say: Callable[[str], None] = lambda text: None

    @property
    def target(self) -> Host:
        """The machine that is worked on. Raises `UsageError` when none is known yet: it is never the host for want of
        another."""
        if self.new is None:
            raise UsageError(
                "the machine to recover to is not made yet.", hint="The step that orders it comes first in the runbook."
            )
        return self.new

    def told(self, inputs: Inputs) -> str:
        """The address of the machine that the step works on, for the plan."""
        if self.new is None and inputs.args.get("on") != "old":
            return "the machine that is made"
        return self.host_of(inputs).address

    @property
    def there(self) -> Shell:
        return self.shell(self.target)

    def host_of(self, inputs: Inputs) -> Host:
        """The machine that the step works on: `on = "old"` in the runbook is the host as it was when the run began."""
        return self.host if inputs.args.get("on") == "old" else self.target

    def own_assets(self) -> list[Asset]:
        """What is guarded of the host that is recovered."""
        return [asset for asset in self.settings.assets if asset.host == self.host.name]


class Step(Protocol):
    """One kind of step. Stateless: everything comes with the call. `timeout_seconds`, `attempts`, `pause_seconds` and
    `approval` are what holds unless the runbook says otherwise. Errors are `OutliveError`s and name the cure."""

    effect: Effect
    timeout_seconds: float
    attempts: int
    pause_seconds: float
    approval: bool
    works_there: bool
    restores: bool
    rehearsed: bool

    def plan(self, world: World, inputs: Inputs) -> str:
        """One line of the plan: what it will do, in the future tense of a diff. No effect, and no long look."""

    def changes(self, world: World, inputs: Inputs) -> Sequence[str]:
        """What is there now and what will be, in lines that begin with `-` and `+`: what somebody else's API tells when it
        is asked. No effect; what it does not tell is said, and nothing is raised."""

    def look(self, world: World, inputs: Inputs) -> Look:
        """Whether it is done already. No effect. Errors that it raises count as `Unknown`."""

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> Mapping[str, Any] | None:
        """Does it, or raises. May be killed anywhere and called again. It must end within `timeout_seconds` by itself:
        every question to a program or a server has a time-out of its own. Returns facts only where no look can tell (an
        answer that is given once): then it is done by that, and `look` finds them in `inputs.facts[inputs.step]`."""

    def undo(self, world: World, inputs: Inputs) -> str | None:
        """Takes back what `do` left, whole or half; harmless when there is nothing. Never touches data that this run did
        not put there. Raises when it could not. May tell in a few words what is there now."""


class Manners:
    """The values above, for a step that has nothing to say about them: `class Mine(Manners)`. `works_there`: on the machine
    that is recovered to, so that there must be one. `restores`: it puts data there. `rehearsed`: a rehearsal does it too."""

    effect: Effect = Effect.CHANGES
    timeout_seconds: float = 600
    attempts: int = 3
    pause_seconds: float = 5
    approval: bool = False
    works_there: bool = True
    restores: bool = False
    rehearsed: bool = True

    def changes(self, world: World, inputs: Inputs) -> Sequence[str]:
        return ()
