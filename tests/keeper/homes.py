"""A configured home with one path on this machine, for keepers and their children."""

from __future__ import annotations

from pathlib import Path

from outlive.clock import SystemClock
from outlive.vault.keys import create_keys

ALLOWED = 'allow_same_host = "this is a test, on one machine"\n'


def home(folder: Path, *, keeper: str = ALLOWED, schedule: str = "", around: str = "", more: str = "") -> Path:
    """The path of its outlive.toml. The asset is `files`, in FOLDER/data."""
    folder.mkdir(parents=True, exist_ok=True)
    made = create_keys(folder / "keys", SystemClock().now())
    data = folder / "data"
    data.mkdir()
    (data / "file").write_text("what must not be lost\n")
    recipients = ", ".join(f'"{recipient}"' for recipient in made.recipients)
    config = folder / "outlive.toml"
    config.write_text(
        f'[vault]\nurl = "vault"\n[keys]\nrecipients = [{recipients}]\ndrill_identity = "{made.drill_identity}"\n'
        f"[keeper]\n{keeper}\n[schedule]\n{schedule}\n"
        '[[hosts]]\nname = "here"\naddress = "local"\ncontainers = false\n'
        f'[[assets]]\nname = "files"\nkind = "path"\nhost = "here"\npath = "{data}"\n{around}\n{more}'
    )
    (folder / "vault").mkdir()
    return config
