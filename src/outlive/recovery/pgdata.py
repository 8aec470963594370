"""Where a service of the compose project keeps its cluster: which volume or directory, as its files and its image say."""

from __future__ import annotations

from outlive.backup.copies import catalog
from outlive.commands import compose
from outlive.commands.compose import Bind
from outlive.errors import Failed
from outlive.model.asset import PostgresAsset
from outlive.recovery.steps.base import Inputs, World

ASK_SECONDS = 60


def bind(world: World, inputs: Inputs) -> tuple[Bind, str]:
    """The mount, and the path of the cluster below it ("" when it is the mount). Raises `Failed` where there is none."""
    own = service(world, inputs)
    found = {name: tuple(Bind(**one) for one in several) for name, several in (inputs.fact("binds") or {}).items()}
    told = (inputs.fact("pgdata") or {}).get(own) or _image_pgdata(world, inputs) or compose.PGDATA
    mount = compose.data_bind(compose.Stack("", (), (), found), own, told)
    if mount is None:
        raise Failed(
            f"the service {own} keeps {told} in no volume, so there is nowhere to put the cluster.",
            hint="Give its data a named volume in the compose file, then `outlive recover --resume`.",
        )
    return mount


def image(world: World, inputs: Inputs) -> str:
    """The image that the service ran when its copy was taken; "" when that is not known."""
    if "copy" not in inputs.args:
        return ""
    return str(catalog.find(world.vault, inputs.copy).manifest.source.get("image") or "")


def _image_pgdata(world: World, inputs: Inputs) -> str:
    if not (named := image(world, inputs)):
        return ""
    words = ("docker", "image", "inspect", "--format", "{{range .Config.Env}}{{println .}}{{end}}", "--", named)
    asked = world.there.run(words, timeout_seconds=ASK_SECONDS)
    lines = asked.text.splitlines() if asked.status == 0 else []
    return next((line.partition("=")[2] for line in lines if line.startswith("PGDATA=")), "")


def service(world: World, inputs: Inputs) -> str:
    """The compose service of the asset that the step is for. Raises `Failed`."""
    found = world.settings.asset(inputs.args["asset"])
    if not isinstance(found, PostgresAsset) or "/" not in (found.container or ""):
        raise Failed(
            f"{inputs.args['asset']} is no service of a compose project.",
            hint='This runbook knows clusters with `container = "project/service"`; restore others with `outlive restore`.',
        )
    assert found.container
    return found.container.partition("/")[2]
