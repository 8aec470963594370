"""What a TLS certificate says of itself. Nothing is verified here: whether it is valid is for OpenSSL to say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


@dataclass(frozen=True, slots=True)
class Leaf:
    """A server's own certificate. `spki` identifies its key: a renewal may keep it, another machine cannot have it."""

    names: tuple[str, ...]
    spki: str
    serial: str
    not_before: datetime
    not_after: datetime
    issuer: str = ""


def read_leaf(der: bytes) -> Leaf:
    """Raises ValueError for what is no certificate."""
    found = x509.load_der_x509_certificate(der)
    key = found.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Leaf(
        names=_names(found),
        spki=f"sha256:{sha256(key).hexdigest()}",
        serial=f"{found.serial_number:x}",
        not_before=found.not_valid_before_utc,
        not_after=found.not_valid_after_utc,
        issuer=found.issuer.rfc4514_string(),
    )


def _names(found: x509.Certificate) -> tuple[str, ...]:
    """Names and addresses that it is for; the subject's common name where it names none otherwise."""
    try:
        listed = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return tuple(str(one.value) for one in found.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME))
    addresses = listed.get_values_for_type(x509.IPAddress)
    return (*listed.get_values_for_type(x509.DNSName), *map(str, addresses))
