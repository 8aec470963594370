"""Where the page may listen, and with what."""

from __future__ import annotations

from pathlib import Path

import pytest

from outlive.config.load import parse
from outlive.errors import ConfigError
from tests.config.test_alerts import HEAD

TLS = 'tls_certificate = "page.pem"\ntls_key = "page.key"\n'
NAMED = 'names = ["keeper.example.org"]\n'


@pytest.mark.parametrize("lines", ["", 'listen = "[::1]:80"', f'listen = "0.0.0.0:443"\n{TLS}{NAMED}', TLS])
def test_these_are_right(lines: str) -> None:
    page = parse(f"{HEAD}[page]\n{lines}", Path("/etc/outlive/outlive.toml")).page
    assert page.tls_key is None or page.tls_key == Path("/etc/outlive/page.key")


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (f'listen = "0.0.0.0:443"\n{NAMED}', "in clear"),
        (f'listen = "0.0.0.0:443"\n{TLS}', "no name leads there"),
        ('tls_key = "page.key"', "tls_certificate is missing"),
        ('tls_certificate = "page.pem"', "tls_key is missing"),
        ('listen = "keeper.example.org:443"', "listen"),
    ],
)
def test_these_are_not(lines: str, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(f"{HEAD}[page]\n{lines}", Path("outlive.toml"))
    assert why in str(caught.value)
