"""What a Temporal server asks of those who come, read from where the configuration says it is: files of certificates, and
secrets. Checked here, so that a person hears of a wrong file in words and not in those of a handshake."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from outlive.config.secrets import resolve
from outlive.errors import ConfigError
from outlive.model.asset import TemporalAsset, TemporalTls
from outlive.transport.temporal_link import Access, Tls


def access(asset: TemporalAsset, base: Path) -> Access:
    """`base` is the folder of `outlive.toml`. Raises `ConfigError`, which never holds what was found."""
    key = resolve(asset.api_key, base).strip() if asset.api_key else None
    if key is not None and not (key.isascii() and key.isprintable()):
        raise ConfigError(
            f"asset {asset.name!r}: the API key holds what no key has (a line's end, a letter that is not ASCII).",
            hint="Write the key alone, as one line.",
        )
    tls = _tls(asset.tls, f"asset {asset.name!r}, tls", base) if asset.tls else None
    return Access(tls=tls, api_key=key, namespaces=asset.namespaces)


def _tls(asked: TemporalTls, where: str, base: Path) -> Tls:
    ca = _certificates(base, asked.ca, f"{where}.ca") if asked.ca else None
    certificate = _certificates(base, asked.certificate, f"{where}.certificate") if asked.certificate else None
    key = resolve(asked.key, base).encode() + b"\n" if asked.key else None
    if certificate and key:
        _belong(certificate, key, where)
    return Tls(ca, certificate, key, asked.server_name)


def _certificates(base: Path, named: str, where: str) -> bytes:
    path = base / Path(named).expanduser()
    try:
        found = path.read_bytes()
        x509.load_pem_x509_certificates(found)
    except OSError as error:
        raise ConfigError(
            f"{where}: {path} cannot be read: {error.strerror}.", hint="Compare path and mode."
        ) from error
    except ValueError as error:
        raise ConfigError(
            f"{where}: {path} holds no certificate in PEM.", hint="It begins with -----BEGIN CERTIFICATE-----."
        ) from error
    return found


def _belong(certificate: bytes, key: bytes, where: str) -> None:
    try:
        private: PrivateKeyTypes = load_pem_private_key(key, None)
    except (ValueError, TypeError):  # their words may show a piece of it
        raise ConfigError(
            f"{where}.key is no private key in PEM, or it has a password.",
            hint="It begins with -----BEGIN PRIVATE KEY-----, and has no password: its place keeps it.",
        ) from None
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    leaf = x509.load_pem_x509_certificates(certificate)[0]
    if leaf.public_key().public_bytes(*form) != private.public_key().public_bytes(*form):
        raise ConfigError(
            f"{where}.key does not belong to {where}.certificate.", hint="Name the two that were issued together."
        )
