"""`cluster`: a Postgres cluster brought to the last durable second here, beside the vault, by stock Postgres, and laid into
the volume that its service will find it in. It is not started before every file is on the new disk."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from outlive.backup.copies import catalog
from outlive.backup.restore.claim import claimed
from outlive.backup.restore.pour import pour, step
from outlive.backup.restore.recover_to import restore_to
from outlive.backup.restore.restore import RestorePlan
from outlive.backup.restore.scratch import remove_containers
from outlive.backup.restore.workshop import WORK
from outlive.commands import compose, tar
from outlive.commands.placing import Place
from outlive.errors import RestoreFailed
from outlive.recovery import docker_volume, pgdata, placing
from outlive.recovery.steps.base import Effect, Inputs, Look, Manners, NotYet, World
from outlive.transport.base import Shell
from outlive.transport.local import LocalShell

ASK_SECONDS = 60
OWNER_SECONDS = 3600


class Cluster(Manners):
    """`aside`: what is there already is moved away and kept. Facts: `asset`, `copy`, `until`, `reached`, `last_commit`."""

    effect = Effect.CREATES
    timeout_seconds = 12 * 3600.0
    restores = True

    def plan(self, world: World, inputs: Inputs) -> str:
        kept = "; what is there now is kept aside" if inputs.args.get("aside") else ""
        moment = inputs.args.get("at") or "the last durable second"
        service = pgdata.service(world, inputs)
        return f"brings the cluster of {service} to {moment}, from copy {inputs.copy} and its log{kept}"

    def look(self, world: World, inputs: Inputs) -> Look:
        data = self._data(world, inputs)
        if not data:
            return NotYet("its volume is not there yet")
        return placing.look(world.there, Place(data, inputs.key), aside=bool(inputs.args.get("aside")))

    def do(self, world: World, inputs: Inputs, timeout_seconds: float) -> None:
        facts = self._recovered(world, inputs)
        there, local = world.there, _local(world, inputs) / "data"
        bind, _ = pgdata.bind(world, inputs)
        if bind.volume and not self._data(world, inputs):
            keys = inputs.fact("volume_keys") or {}
            words = compose.make_volume(bind.volume, inputs.fact("project"), keys.get(bind.volume, ""), inputs.run)
            step(there.run(words, timeout_seconds=ASK_SECONDS), f"making the volume {bind.volume}")
        owner = self._owner(world, inputs)
        place, aside = Place(self._data(world, inputs), inputs.key), bool(inputs.args.get("aside"))
        placing.bring(there, place, lambda path: _send(local, there, path, owner), facts, aside=aside)
        shutil.rmtree(_local(world, inputs), ignore_errors=True)

    def undo(self, world: World, inputs: Inputs) -> None:
        """The volume stays; what was put into it is kept aside, and what was there before is there again."""
        _cleared(_local(world, inputs))
        if data := self._data(world, inputs):
            placing.take_back(world.there, Place(data, inputs.key))
            if not pgdata.bind(world, inputs)[1]:
                step(world.there.run(("mkdir", "-p", "--", data)), f"leaving {data} as an empty volume")

    def _recovered(self, world: World, inputs: Inputs) -> dict[str, Any]:
        """The finished cluster below the run's folder, made once."""
        folder = _local(world, inputs)
        note = folder / "reached.json"
        if note.exists():
            facts: dict[str, Any] = json.loads(note.read_text())
            return facts
        _cleared(folder)
        folder.mkdir(parents=True, exist_ok=True, mode=0o711)
        asset, at = inputs.args["asset"], inputs.args.get("at")
        pinned = catalog.find(world.vault, inputs.copy).manifest
        copies = [one for one in catalog.listing(world.vault, asset).copies if one.manifest.lineage == pinned.lineage]
        moved = [0]

        def progress(plain: int) -> None:
            moved[0] += plain

        plan = RestorePlan(world.vault, world.identities, world.folder, world.clock, on_progress=progress)
        moment = datetime.fromisoformat(at) if at else None
        done = restore_to(copies, moment, str(folder / "data"), plan)
        facts = {
            "asset": asset,
            "copy": done.window.base.copy,
            "until": (moment or done.window.until).isoformat(),
            "reached": str(done.reached).partition(",")[0],
            "last_commit": done.reached.last_commit,
            "doubt": done.reached.doubt,
            "programs": done.programs,
        }
        fresh = note.with_suffix(".new")
        fresh.write_text(json.dumps(facts))
        fresh.replace(note)
        return facts

    def _data(self, world: World, inputs: Inputs) -> str:
        """The directory on the host; "" when its volume is not there yet."""
        bind, below = pgdata.bind(world, inputs)
        top = bind.source
        if bind.volume:
            found = docker_volume.find(world.there, bind.volume)
            if found is None:
                return ""
            top = found.mountpoint
        return f"{top}/{below}".rstrip("/")

    def _owner(self, world: World, inputs: Inputs) -> str:
        """`UID:GID` of the files there. As root we kept the numbers that they had; else the image's own postgres is
        asked."""
        if os.geteuid() == 0:
            return ""
        image = pgdata.image(world, inputs)
        words = ("docker", "run", "--rm", "--entrypoint", "sh", image, "-c", "id -u postgres; id -g postgres")
        asked = step(world.there.run(words, timeout_seconds=ASK_SECONDS), f"asking {image} who its postgres is")
        return ":".join(asked.text.split())


def _local(world: World, inputs: Inputs) -> Path:
    return world.folder / "clusters" / str(inputs.args["asset"])


def _cleared(folder: Path) -> None:
    """Of an attempt that was killed: also the throwaway server that may still run on what is below it."""
    for work in folder.glob(f".data.outlive-partial-*/{WORK}"):
        remove_containers(work)
    shutil.rmtree(folder, ignore_errors=True)


def _send(local: Path, there: Shell, path: str, owner: str) -> None:
    with claimed(there, path) as claim:
        words = (*tar.extract(claim.directory, as_root=True),)
        with LocalShell().open(tar.create(str(local))) as reading:
            pour(_whole(reading.chunks(), reading), there.open(words, stdin=True), f"unpacking into {path}")
        if owner:
            words = ("chown", "-R", "--no-dereference", owner, "--", claim.directory)
            step(there.run(words, timeout_seconds=OWNER_SECONDS), f"giving {path} to {owner}")


def _whole(chunks: Iterator[bytes], reading: Any) -> Iterator[bytes]:
    yield from chunks
    ended = reading.wait(ASK_SECONDS)
    if ended.status != 0:
        raise RestoreFailed(f"the recovered cluster could not be read: {ended.stderr.strip()[-300:]}")
