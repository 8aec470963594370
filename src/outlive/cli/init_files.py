"""What `outlive init` writes, in an order that leaves nothing half-done: keys, vault folder, host key, configuration."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from outlive.clock import SystemClock
from outlive.config.load import parse
from outlive.errors import ConfigError, UsageError
from outlive.survey.found import Survey
from outlive.survey.proposal import Proposal
from outlive.survey.write_toml import Setup, write_toml
from outlive.transport import hostkey
from outlive.vault.keys import DRILL, RECIPIENTS, RECOVERY, create_keys, read_recipients
from outlive.vault.local import LocalVault
from outlive.vault.open import open_vault

KEYS = "keys"
# Stands in a dry run for keys that are not made: valid in form, and nobody's.
NO_KEYS = ("age1" + "q" * 58, "age1" + "p" * 58)


@dataclass(frozen=True, slots=True)
class Plan:
    """Where things go. `vault` is "" when none was named: then a folder beside the file."""

    path: Path
    vault: str
    endpoint: str | None
    dry_run: bool

    @property
    def base(self) -> Path:
        return self.path.parent

    @property
    def known_hosts(self) -> Path:
        return self.base / "known_hosts"

    @property
    def vault_url(self) -> str:
        if not self.vault:
            return f"file://{self.base / 'vault'}"
        return self.vault if "://" in self.vault else f"file://{Path(self.vault).absolute()}"


@dataclass(frozen=True, slots=True)
class Written:
    """The text of the file, and the recovery key's file where one was made now."""

    text: str
    path: Path | None = None
    recovery: Path | None = None


def check(plan: Plan) -> None:
    """Before anybody is asked: raises `ConfigError` for what is no vault, and `UsageError` when there is a configuration
    already, which is a person's work by now."""
    open_vault(plan.vault_url, clock=SystemClock(), endpoint=plan.endpoint)
    if plan.path.exists() and not plan.dry_run:
        raise UsageError(
            f"{plan.path} exists and was left as it is.",
            hint="To add a host to it, paste what `outlive init --dry-run ...` prints; or name another with --config.",
        )


def write(
    plan: Plan, survey: Survey, proposal: Proposal, setup: Setup, key: hostkey.ProvenKey | None, now: datetime
) -> Written:
    """Makes keys where there are none, and the file. What is written is read back first, as `load` will read it."""
    setup = replace(setup, vault_url=plan.vault_url)
    if plan.dry_run:
        text = write_toml(survey, proposal, _with_keys(setup, NO_KEYS), now)
        parse(text, plan.path)
        return Written(text)
    recipients, recovery = _keys(plan.base / KEYS, now)
    text = write_toml(survey, proposal, _with_keys(setup, recipients), now)
    settings = parse(text, plan.path)
    if settings.vault.url.startswith("file://"):
        LocalVault.create(Path(settings.vault.url.removeprefix("file://")))
    if key:
        hostkey.pin(key, plan.known_hosts)
    create(plan.path, text)
    return Written(text, plan.path, recovery)


def _with_keys(setup: Setup, recipients: tuple[str, ...]) -> Setup:
    return replace(setup, recipients=recipients, drill_identity=f"{KEYS}/{DRILL}")


def _keys(folder: Path, now: datetime) -> tuple[tuple[str, ...], Path | None]:
    """The public keys, and the recovery key's file if it (still) lies there. Keys that exist are used."""
    if (folder / RECIPIENTS).exists():
        recovery = folder / RECOVERY
        return read_recipients(folder / RECIPIENTS), recovery if recovery.exists() else None
    made = create_keys(folder, now)
    return made.recipients, made.recovery_identity


def create(path: Path, text: str) -> None:
    """Raises `UsageError` when somebody else has made it meanwhile."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise UsageError(f"{path} exists and was left as it is.", hint="Move it away, or use --config.") from error
    except OSError as error:
        path.unlink(missing_ok=True)
        raise ConfigError(f"{path} cannot be written: {error.strerror}.", hint="Name another with --config.") from error


def states(base: Path) -> list[tuple[str, bytes]]:
    """The states of OpenTofu beside the configuration or one folder below, by their path from there."""
    found = []
    for path in sorted((*base.glob("*.tfstate"), *base.glob("*/*.tfstate"))):
        try:
            found.append((str(path.relative_to(base)), path.read_bytes()))
        except OSError:
            continue
    return found
