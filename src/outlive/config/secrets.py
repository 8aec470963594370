"""Fetches a secret from where the configuration says it is, at the moment it is needed. It is never shown or kept."""

from __future__ import annotations

import os
from pathlib import Path

from outlive.errors import CommandFailed, ConfigError
from outlive.model.asset import SecretRef
from outlive.transport import process

COMMAND_SECONDS = 30.0
# Docker and Kubernetes mount secrets here readable by all, inside a container of one service's own.
MOUNTED = Path("/run/secrets")


def resolve(ref: SecretRef, base: Path) -> str:
    """The secret, without the line's end. `base` is the folder of `outlive.toml`.

    Raises `ConfigError`, which says where it was looked for and never what was found.
    """
    if ref.env is not None:
        return _from_environment(ref.env)
    if ref.file is not None:
        return _from_file(base / Path(ref.file).expanduser())
    if ref.command:
        return _from_command(ref.command)
    raise ConfigError(
        "A secret is wanted, and nothing says where it is.", hint='Write { env = "NAME" } or { file = "path" }.'
    )


def _from_environment(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        hint = f"Set {name} for this process (a systemd EnvironmentFile, an export), or use a file."
        raise ConfigError(f"The environment variable {name} is not set, or empty.", hint=hint)
    return value


def _from_file(path: Path) -> str:
    try:
        if path.stat().st_mode & 0o007 and not path.is_relative_to(MOUNTED):
            raise ConfigError(f"{path} holds a secret and everybody here may read it.", hint=f"chmod 600 {path}")
        text = path.read_text("utf-8")
    except FileNotFoundError as error:
        raise ConfigError(f"{path}, which should hold a secret, is not there.", hint="Create it, mode 600.") from error
    except OSError as error:
        hint = "Check its owner and mode (600, owned by the user who runs outlive)."
        raise ConfigError(f"{path}, which holds a secret, cannot be read: {error.strerror}.", hint=hint) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text.", hint="A secret is one line of text.") from error
    return _line(text, str(path), hint="Write the secret into it, as one line.")


def _from_command(argv: tuple[str, ...]) -> str:
    """What the program prints. Its complaints are not repeated: nobody knows what it may print there."""
    hint = "Run it by hand, as the user who runs outlive, to see why."
    try:
        done = process.run(argv, shown=argv[:1], timeout_seconds=COMMAND_SECONDS)
    except CommandFailed as error:
        raise ConfigError(f"The command for a secret, {argv[0]}: {error.detail}", hint=hint) from error
    if done.status != 0:
        raise ConfigError(f"The command for a secret, {argv[0]}, ended with status {done.status}.", hint=hint)
    return _line(done.text, f"the output of {argv[0]}", hint=hint)


def _line(text: str, where: str, *, hint: str) -> str:
    secret = text.strip("\r\n")
    if not secret.strip():
        raise ConfigError(f"There is no secret in {where}: it is empty.", hint=hint)
    return secret
