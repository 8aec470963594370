"""What a certificate says of itself, as openssl(1) reads it."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import pytest

from outlive.commands.certificate import read_leaf
from tests.world.web import Authority

pytestmark = pytest.mark.slow


def test_names_serial_and_key_are_those_of_openssl(tmp_path: Path) -> None:
    path = Authority(tmp_path).issue("shop.example.test", "www.example.test")
    pem = path.read_text()
    leaf = read_leaf(ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN CERT") :]))
    assert leaf.names == ("shop.example.test", "www.example.test")
    assert leaf.issuer == "CN=Test authority"
    assert (leaf.not_after - leaf.not_before).days == 90
    serial = _openssl("x509", "-in", path, "-noout", "-serial").partition("=")[2]
    assert leaf.serial == serial.lower().lstrip("0")
    key = f"openssl x509 -in {path} -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum"
    assert leaf.spki == "sha256:" + subprocess.run(["sh", "-c", key], capture_output=True, text=True).stdout.split()[0]


def test_what_is_no_certificate_is_refused() -> None:
    with pytest.raises(ValueError):
        read_leaf(b"nothing")


def _openssl(*words: object) -> str:
    return subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, check=True).stdout.strip()
