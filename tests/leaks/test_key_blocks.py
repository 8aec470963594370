"""Private keys as logs have them: over lines, behind prefixes, escaped into one. Keys are made when the tests run."""

from __future__ import annotations

import json
import random
import textwrap

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.leaks.samples import drawn, phrase
from tests.leaks.scans import rules, scan

ED25519 = Ed25519PrivateKey.generate()


def pem(format: PrivateFormat, sealing: KeySerializationEncryption | None = None) -> str:
    return ED25519.private_bytes(Encoding.PEM, format, sealing or NoEncryption()).decode()


OPENSSH, PKCS8 = pem(PrivateFormat.OpenSSH), pem(PrivateFormat.PKCS8)
SEALED = pem(PrivateFormat.PKCS8, BestAvailableEncryption(b"a passphrase"))


def behind(prefix: str, key: str) -> str:
    return "".join(f"{prefix}{line}\n" for line in key.splitlines())


FORMS = {
    "as it is": lambda key: key,
    "carriage returns": lambda key: key.replace("\n", "\r\n"),
    "behind a prefix": lambda key: behind("2026-02-07T07:44:01.113Z shop-app-1 | ", key),
    "indented": lambda key: textwrap.indent(key, "      "),
    "in JSON": lambda key: json.dumps({"level": "info", "key": key}),
    "in JSON in JSON": lambda key: json.dumps(json.dumps({"key": key})),
    "in an .env": lambda key: 'DEPLOY_KEY="' + key.replace("\n", "\\n") + '"',
    "between other programs' lines": lambda key: "".join(f"app | {line}\nweb | GET / 200\n" for line in key.splitlines()),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", [OPENSSH, PKCS8], ids=["openssh", "pkcs8"])
def test_a_key_is_found_in_every_form(form: str, key: str) -> None:
    (found,) = [one for one in scan(f"before\n{FORMS[form](key)}\nafter\n") if one.rule.startswith("private-key")]
    assert (found.rule, found.severity.word, found.count, found.line) == ("private-key", "critical", 1, 2)


@pytest.mark.slow
def test_the_longest_key_in_use_too() -> None:
    rsa = generate_private_key(65537, 4096)
    for format in (PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8, PrivateFormat.OpenSSH):
        key = rsa.private_bytes(Encoding.PEM, format, NoEncryption()).decode()
        found = scan(behind("app | ", key) + behind("app | ", key))
        assert [(one.rule, one.count) for one in found] == [("private-key", 2)]


def test_one_with_a_passphrase_is_less_grave() -> None:
    (found,) = scan(SEALED)
    assert (found.rule, found.severity.word) == ("private-key-encrypted", "high")
    body = textwrap.fill(drawn(random.Random(3), "base64", 400), 64)
    old = f"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A\n\n{body}\n"
    assert rules(f"{old}-----END RSA PRIVATE KEY-----\n") == ["private-key-encrypted"]


def test_pgp_blocks_too() -> None:
    body = textwrap.fill(drawn(random.Random(4), "base64", 400), 64)
    block = f"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{body}\n=AbCd\n-----END PGP PRIVATE KEY BLOCK-----\n"
    assert rules(block) == ["private-key"]


def test_the_same_key_is_one_finding_and_another_is_another() -> None:
    other = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    found = scan(PKCS8 + "x\n" + behind("app | ", PKCS8) + other)
    assert sorted(one.count for one in found) == [1, 2]


@pytest.mark.parametrize(
    "text",
    [
        ED25519.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        "error: expected -----BEGIN PRIVATE KEY----- but found something else\n" + "GET /health 200\n" * 20,
        "-----BEGIN CERTIFICATE-----\n" + "A" * 64 + "\n-----END CERTIFICATE-----\n",
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n",
    ],
    ids=["a public key", "talk about a header", "a certificate", "an example"],
)
def test_what_is_no_private_key(text: str) -> None:
    assert rules(text) == []


def test_a_key_that_is_cut_off_counts_and_what_follows_is_seen() -> None:
    cut = "\n".join(PKCS8.splitlines()[:2])
    text = f"{cut}\n" + "GET /health 200\n" * 30 + " ".join(phrase(random.Random(6))) + "\n"
    assert rules(text) == ["bip39-mnemonic", "private-key"]
