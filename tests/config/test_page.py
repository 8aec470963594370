"""Where the page may listen, and with what."""

from __future__ import annotations

from pathlib import Path

import pytest

from outlive.config.load import parse
from outlive.errors import ConfigError
from tests.config.test_alerts import HEAD

TLS = 'tls_certificate = "page.pem"\ntls_key = "page.key"\n'
OIDC = '[page.oidc]\nclient_id = "outlive"\n'
URL = 'url = "https://keeper.example.org"\n'
ISSUER = 'issuer = "https://login.example.org"\n'
NAMED = 'names = ["keeper.example.org"]\n'


@pytest.mark.parametrize(
    "lines", [f"{NAMED}{OIDC}{URL}{ISSUER}", "", 'listen = "[::1]:80"', f'listen = "0.0.0.0:443"\n{TLS}{NAMED}', TLS]
)
def test_these_are_right(lines: str) -> None:
    page = parse(f"{HEAD}[page]\n{lines}", Path("/etc/outlive/outlive.toml")).page
    assert page.oidc is None or not page.oidc.enabled, "off unless it says so"
    assert page.tls_key is None or page.tls_key == Path("/etc/outlive/page.key")


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (f'listen = "0.0.0.0:443"\n{NAMED}', "in clear"),
        (f'listen = "0.0.0.0:443"\n{TLS}', "no name leads there"),
        ('tls_key = "page.key"', "tls_certificate is missing"),
        ('tls_certificate = "page.pem"', "tls_key is missing"),
        (f'{OIDC}url = "http://127.0.0.1:8722"\nissuer = "http://login.example.org"', "in clear"),
        (f'{OIDC}url = "http://127.0.0.1:8722"\nissuer = "login.example.org"', "it is no URL"),
        (f'{OIDC}url = "http://127.0.0.1:8722"\nissuer = "https://x.example:x"', "it is no URL"),
        (f'{OIDC}url = "http://127.0.0.1:8722"\nissuer = "https://a:b@login.example.org"', "more than a place"),
        (f'{OIDC}url = "https://keeper.example.org"\n{ISSUER}', "no name of the page"),
        (f'{NAMED}{OIDC}url = "http://keeper.example.org"\n{ISSUER}', "in clear"),
        (f'{NAMED}{OIDC}{URL}{ISSUER}scopes = ["email"]', "openid is missing"),
        (f'{NAMED}{OIDC}{URL}{ISSUER}client_secret = "hunter2"', "a secret has no place"),
        (f'{NAMED}{OIDC}{URL}{ISSUER}[[page.oidc.people]]\nmay = "act"', "does not name one person"),
        (f'{NAMED}{OIDC}{URL}{ISSUER}[[page.oidc.people]]\nemail = "a@b.c"\ngroup = "x"', "does not name one person"),
        (f'{NAMED}{OIDC}{URL}{ISSUER}[[page.oidc.people]]\nemail = "a@b.c"\nmay = "delete"', "not possible here"),
        ('listen = "keeper.example.org:443"', "listen"),
    ],
)
def test_these_are_not(lines: str, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(f"{HEAD}[page]\n{lines}", Path("outlive.toml"))
    assert why in str(caught.value)
