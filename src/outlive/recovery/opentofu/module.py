"""The user's own module, as a step of a runbook names it."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from outlive.commands.tofu import Plan, read_plan
from outlive.config.secrets import resolve
from outlive.errors import NoData, Refused, UsageError
from outlive.recovery import cloud
from outlive.recovery.opentofu import stated
from outlive.recovery.opentofu.stated import KEYS, Stated
from outlive.recovery.steps.base import Inputs, World
from outlive.transport import tofu_errors
from outlive.transport.tofu import Tofu

SUCH_NAMES = 'names = { address = "output.vm_host" }'
SUCH_SECRETS = 'environment = { AWS_SECRET_ACCESS_KEY = { file = "state-key" } }'
USER_DATA = "outlive_user_data"  # the variable that the module hands on to the machine


@dataclass(frozen=True, slots=True)
class Module:
    """`where` says where the machine's names stand (`stated.read`), `variables` what is set besides `files`."""

    tofu: Tofu
    workspace: str
    resource: str
    also: tuple[str, ...]
    variables: Mapping[str, Any]
    files: tuple[str, ...]
    where: Mapping[str, str]

    def insist_on_the_workspace(self) -> None:
        """Raises `Refused` in any other: it would make, or destroy, what belongs to another environment."""
        selected = self.tofu.workspace()
        if selected != self.workspace:
            if selected == "default" and not self.tofu.is_made_ready:
                raise tofu_errors.not_made_ready(
                    self.tofu.program, self.tofu.folder, "there is nothing of `init` there"
                )
            own = "TF_WORKSPACE" in {**os.environ, **self.tofu.secrets}
            select = f"`{self.tofu.program} -chdir={self.tofu.folder} workspace select {self.workspace}`"
            raise Refused(
                f"The workspace of {self.tofu.folder} is {selected!r}, and should be {self.workspace!r}.",
                hint="TF_WORKSPACE of the environment says so: set it right, or unset it." if own else select,
            )

    def standing(self) -> Stated | None:
        """The machine, as the state has it. Raises `NoData`."""
        try:
            return stated.read(self.tofu.state(), self.resource, self.where)
        except ValueError as error:
            raise NoData(f"the state in {self.tofu.folder}: {error}.") from error

    def import_command(self, id: str) -> str:
        """What takes a machine of that id into the state, to be copied: the module knows the resource only with the step's
        variables, which are written into a file for it."""
        files = [*self.files, str(self.tofu.keep(json.dumps(dict(self.variables)).encode()))]
        named = " ".join(f"-var-file={shlex.quote(one)}" for one in files)
        return f"{self.tofu.program} -chdir={self.tofu.folder} import {named} {shlex.quote(self.resource)} {id}"

    def planned(self, user_data: str, *words: str, locks: bool = True) -> Plan:
        """What it would do now; saved, to be applied. Raises `NoData`."""
        given = json.dumps({**self.variables, USER_DATA: user_data}).encode()
        document = self.tofu.plan(given, self.files, words, locks=locks)
        try:
            plan = read_plan(document)
        except ValueError as error:
            raise NoData(f"the plan in {self.tofu.folder}: {error}.") from error
        if plan.is_errored:
            raise NoData(f"planning in {self.tofu.folder} broke off.", hint="Mend the module; nothing was made.")
        return plan


def module(world: World, inputs: Inputs) -> Module:
    """Raises `UsageError`."""
    args = inputs.args
    folder = world.settings.base / cloud.text(args, "folder")
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}.", hint="`folder` is where somebody ran `tofu init`.")
    room = world.folder / f"tofu-{inputs.digest[:16]}"
    return Module(
        tofu=Tofu(cloud.text(args, "program", "tofu"), folder, room, _environment(world, args)),
        workspace=cloud.text(args, "workspace"),
        resource=cloud.text(args, "resource"),
        also=cloud.texts(args, "also"),
        variables=cloud.table(args, "vars", 'vars = { machines = ["b"] }'),
        files=(cloud.text(args, "var_file"),) if "var_file" in args else (),
        where=_where(args),
    )


def _environment(world: World, args: Mapping[str, Any]) -> Mapping[str, str]:
    """What the backend and the providers want to know; never in the runbook itself. Raises `ConfigError`."""
    given = cloud.table(args, "environment", SUCH_SECRETS)
    return {name: resolve(cloud.secret(given, name), world.settings.base) for name in given}


def _where(args: Mapping[str, Any]) -> Mapping[str, str]:
    found = cloud.table(args, "names", SUCH_NAMES)
    if not found.keys() <= set(KEYS):
        raise UsageError(f"`names` knows {', '.join(KEYS)}.", hint=SUCH_NAMES)
    return {key: str(value) for key, value in found.items()}
