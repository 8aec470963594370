"""The recovery kit: two printed pages that open the vault when everything else is gone.

It is HTML without a script, a style sheet or an image from elsewhere: opening it asks no network. The key is there as
text and as a QR code, and its public half lets a person check that it was read back right.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from shlex import quote
from string import Template

import segno

from outlive.backup.copies.restore_md import ALL_AT_ONCE

TEMPLATE = "recovery_kit.html"
SHOWN_ASSETS = 10  # more would push the page's end onto another one
COPY = "copies/NAME/DATE-..."


@dataclass(frozen=True, slots=True)
class Place:
    """A vault, free of secrets: its URL; for S3 also the store's address (None: AWS) and region."""

    url: str
    endpoint: str | None = None
    region: str = ""

    @property
    def is_s3(self) -> bool:
        return self.url.startswith("s3://")

    @property
    def words(self) -> str:
        if not self.is_s3:
            return self.url
        return f"{self.url} at {self.endpoint or 'AWS'}, region {self.region}"


@dataclass(frozen=True, slots=True)
class Kit:
    """What the pages say. `secret` is the private recovery key; `public` its public half; `recipients` all public keys
    that copies are encrypted to; `places` where the copies are, the first vault first; `keeper` the machine that takes
    them; `assets` what is guarded, in words."""

    secret: str
    public: str
    recipients: tuple[str, ...]
    places: tuple[Place, ...]
    keeper: str
    assets: tuple[str, ...]
    made_at: datetime

    def __repr__(self) -> str:
        return f"<Kit for {self.public}>"  # the secret must not get into a log or a trace


def render(kit: Kit) -> str:
    """The pages, two sides of A4."""
    template = Template(resources.files(__package__).joinpath(TEMPLATE).read_text("utf-8"))
    others = [recipient for recipient in kit.recipients if recipient != kit.public]
    return template.substitute(
        qr=_qr(kit.secret),
        secret=_in_groups(kit.secret),
        public=html.escape(kit.public),
        others=_lines(others) or "none",
        places=_lines([place.words for place in kit.places]),
        keeper=html.escape(kit.keeper),
        assets=html.escape(_shortened(kit.assets)) or "nothing yet",
        made_at=f"{kit.made_at:%Y-%m-%d}",
        programs="age zstd tar" + " awscli" * any(place.is_s3 for place in kit.places),
        fetch=html.escape("\n".join(_fetch(place) for place in kit.places)),
        by_hand=html.escape(ALL_AT_ONCE),
        adopt=html.escape(_adopt(kit.places[0])),
        config=html.escape(_config(kit)),
    )


def _lines(texts: list[str]) -> str:
    return "<br>".join(html.escape(text) for text in texts)


def _shortened(assets: tuple[str, ...]) -> str:
    more = f" and {len(assets) - SHOWN_ASSETS} more" if len(assets) > SHOWN_ASSETS else ""
    return ", ".join(assets[:SHOWN_ASSETS]) + more


def _fetch(place: Place) -> str:
    """How the folder of one copy is got, and what there is to choose from is seen."""
    if not place.is_s3:
        folder = place.url.removeprefix("file://")
        return f"ls {quote(f'{folder}/copies/NAME')}\ncp -r {quote(f'{folder}/{COPY}')} copy"
    where = f" --endpoint-url {place.endpoint}" if place.endpoint else ""
    aws = f"aws --region {place.region}{where} s3 \\\n "
    return f"{aws} ls {place.url}/copies/NAME/\n{aws} cp --recursive {place.url}/{COPY}/ copy"


def _adopt(place: Place) -> str:
    """How a keeper is set up again; for S3 with the login in the environment."""
    where = f" --endpoint {quote(place.endpoint)}" if place.endpoint else ""
    region = f" --region {quote(place.region)}" if place.is_s3 and place.region else ""
    return f"outlive adopt {quote(place.url)}{where}{region} --identity /root/recovery.txt"


def _config(kit: Kit) -> str:
    """The least that Outlive needs to be told to read the first vault."""
    place = kit.places[0]
    lines = ["[vault]", f'url = "{place.url}"']
    if place.is_s3:
        lines += [f'endpoint = "{place.endpoint}"'] if place.endpoint else []
        lines += [f'region = "{place.region}"', 'access_key = { env = "AWS_ACCESS_KEY_ID" }']
        lines += ['secret_key = { env = "AWS_SECRET_ACCESS_KEY" }']
    lines += ["[keys]", "recipients = [", *(f'  "{recipient}",' for recipient in kit.recipients), "]"]
    return "\n".join(lines)


def _qr(text: str) -> str:
    """Inline SVG. The key is upper case letters, digits and '-', which is QR's own alphabet: the code stays coarse."""
    svg: str = segno.make(text, error="m").svg_inline(border=4, omitsize=True, dark="#000", light="#fff")
    return svg


def _in_groups(secret: str) -> str:
    """In spans of eight characters: easier to type from paper. The gaps are drawn, not spaces, so that a copied key is
    the key."""
    groups = (secret[start : start + 8] for start in range(0, len(secret), 8))
    return "<wbr>".join(f"<span>{html.escape(group)}</span>" for group in groups)
