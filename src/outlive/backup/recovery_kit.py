"""The recovery kit: one printed page that opens the vault when everything else is gone.

It is HTML without a script, a style sheet or an image from elsewhere: opening it asks no network. The key is there as
text and as a QR code, and its public half lets a person check that it was read back right.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from string import Template

import segno

TEMPLATE = "recovery_kit.html"


@dataclass(frozen=True, slots=True)
class Kit:
    """What the page says. `secret` is the private recovery key; `public` its public half; `recipients` all public keys
    that copies are encrypted to; `vault` where the copies are, free of secrets."""

    secret: str
    public: str
    recipients: tuple[str, ...]
    vault: str
    made_at: datetime

    def __repr__(self) -> str:
        return f"<Kit for {self.public}>"  # the secret must not get into a log or a trace


def render(kit: Kit) -> str:
    """The page, one side of A4."""
    template = Template(resources.files(__package__).joinpath(TEMPLATE).read_text("utf-8"))
    others = [recipient for recipient in kit.recipients if recipient != kit.public]
    return template.substitute(
        qr=_qr(kit.secret),
        secret=_in_groups(kit.secret),
        plain_secret=html.escape(kit.secret),
        public=html.escape(kit.public),
        others="<br>".join(html.escape(other) for other in others) or "none",
        vault=html.escape(kit.vault),
        made_at=f"{kit.made_at:%Y-%m-%d}",
    )


def _qr(text: str) -> str:
    """Inline SVG. The key is upper case letters, digits and '-', which is QR's own alphabet: the code stays coarse."""
    svg: str = segno.make(text, error="m").svg_inline(border=4, omitsize=True, dark="#000", light="#fff")
    return svg


def _in_groups(secret: str) -> str:
    """In spans of eight characters: easier to type from paper. The gaps are drawn, not spaces, so that a copied key is
    the key."""
    groups = (secret[start : start + 8] for start in range(0, len(secret), 8))
    return "<wbr>".join(f"<span>{html.escape(group)}</span>" for group in groups)
