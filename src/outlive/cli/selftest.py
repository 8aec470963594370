"""`outlive selftest`: a copy is spoilt in memory, and the verifier must notice."""

from __future__ import annotations

import random
import secrets
from typing import Annotated

import typer

from outlive import wiring
from outlive.backup.drill.selftest import SelfTest
from outlive.backup.drill.selftest import selftest as test_verifier
from outlive.cli.app import ConfigOption, JsonOption, Output, app
from outlive.cli.verify import IdentityOption
from outlive.cli.words import size
from outlive.clock import SystemClock
from outlive.config.load import load
from outlive.config.schema import Settings
from outlive.errors import KeysError
from outlive.model.copy import Manifest
from outlive.testing.mutations import MUTATIONS
from outlive.testing.specimen import DoesNotFit, Seen, Specimen
from outlive.vault.encryption import Identity
from outlive.vault.memory import MemoryVault


@app.command()
def selftest(
    seed: Annotated[int | None, typer.Option(help="Repeat a certain test.")] = None,
    identity: IdentityOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Spoil a copy in memory and see whether the verifier notices. Exit 1: it did not; its green results are worth nothing.

    Reads about 64 MB at most; nothing in the vault is changed.
    """
    settings, clock, output = load(config), SystemClock(), Output(as_json)
    keys = wiring.identities(settings, identity) if identity else _drill_key(settings)
    drawn = secrets.randbelow(1 << 32) if seed is None else seed
    outcome = test_verifier(wiring.vault(settings, clock), keys, _spoil, seed=drawn, now=clock.now())
    output.document(
        {
            "at": outcome.at,
            "ok": outcome.noticed,
            "seed": outcome.seed,
            "asset": outcome.asset,
            "copy": outcome.copy,
            "mutation": outcome.mutation,
            "read_bytes": outcome.read_bytes,
            "opened": outcome.opened,
            "said": outcome.said,
        }
    )
    _tell(outcome, output)
    return 0 if outcome.noticed else 1


def _drill_key(settings: Settings) -> tuple[Identity, ...]:
    """Without a key the test is about bytes only."""
    try:
        return tuple(wiring.identities(settings, None))
    except KeysError:
        return ()


def _spoil(scratch: MemoryVault, manifest: Manifest, rng: random.Random) -> str:
    """One mutation that reading the bytes must show, by chance; its name."""
    fitting = [mutation for mutation in MUTATIONS if mutation.seen is Seen.BYTES]
    for mutation in rng.sample(fitting, len(fitting)):
        try:
            mutation.act(Specimen(scratch, manifest, rng))
        except DoesNotFit:
            continue
        return mutation.name
    raise AssertionError("a flipped byte fits every copy")


def _tell(outcome: SelfTest, output: Output) -> None:
    how = "opened with the drill key" if outcome.opened else "compared byte by byte"
    output.console.print(
        f"{outcome.asset}: copy {outcome.copy}, {size(outcome.read_bytes)} read and {how}; "
        f"done to it in memory: {outcome.mutation} (seed {outcome.seed})"
    )
    if outcome.noticed:
        output.console.print(f"  the verifier noticed: {outcome.said}")
    else:
        output.console.print(
            "  ALARM: the verifier is broken, do not trust green results: it found the spoilt copy whole."
        )
