"""Why a Temporal server was not reached, out of what Temporal's SDK says (its Rust core's own words, temporalio 1.18 to
1.35), in ours. What is not recognised is told as it came."""

from __future__ import annotations

from dataclasses import dataclass

KEY = "the server took no API key, or another than the one that was sent"
REFUSED = "The server's authorizer lets this key or certificate not do that: give it the right, or name another."
KEY_CURE = (
    "Compare `api_key` with what the server's side has: it may be missing, expired, revoked, or of another account."
)
_CLIENT_CURE = (
    "It mostly wants a client certificate: set `tls.certificate` and `tls.key`, issued by the authority that it trusts."
)
_NAME_CURE = "Set `tls.server_name` to a name that is in the server's certificate, and compare the address."


@dataclass(frozen=True, slots=True)
class Refusal:
    """What happened, and the cure."""

    what: str
    cure: str


_KNOWN = (
    (("code: Unauthenticated", "HTTP status code 401"), Refusal(f"{KEY}.", KEY_CURE)),
    (
        ("code: PermissionDenied", "HTTP status code 403"),
        Refusal("the server lets this key or certificate not in.", REFUSED),
    ),
    (
        ("received fatal alert: CertificateExpired", "AlertReceived(CertificateExpired)"),
        Refusal(
            "the server refused our client certificate: it has expired.", "Issue another: `tls.certificate`, `tls.key`."
        ),
    ),
    (
        ("fatal alert: CertificateRequired", "fatal alert: UnknownCA", "fatal alert: BadCertificate"),
        Refusal("the server refused our client certificate, or wants one.", _CLIENT_CURE),
    ),
    (
        ("InvalidCertificate(Expired",),
        Refusal(
            "the server's certificate has expired.",
            "Renew it there. Until then nothing says that it is the right server, and it is not asked.",
        ),
    ),
    (
        ("InvalidCertificate(NotValidForName",),
        Refusal("the server's certificate is for another name.", _NAME_CURE),
    ),
    (
        ("InvalidCertificate(UnknownIssuer", "InvalidCertificate(BadSignature", "InvalidCertificate(CaUsedAsEndEntity"),
        Refusal(
            "the server's certificate is from an authority that is not trusted here.",
            "Set `tls.ca` to the file of the authority that issued it; if it is that one already, another server answers.",
        ),
    ),
    (
        ("AlertReceived(InternalError)", "AlertReceived(UnrecognisedName)", "AlertReceived(HandshakeFailure)"),
        Refusal("the server has no certificate for the name that it was asked by.", _NAME_CURE),
    ),
    (
        ("InvalidMessage(InvalidContentType)",),
        Refusal("the server speaks no TLS.", "Take the `tls` table and `api_key` out, or name the port that has TLS."),
    ),
)
_CLOSED = ("stream closed because of a broken pipe", "connection closed", "Connection reset", "operation was canceled")


def of_handshake(said: str) -> Refusal | None:
    """`said` is the SDK's own message; None when it is none of those that are known."""
    return next((refusal for words, refusal in _KNOWN if any(word in said for word in words)), None)


def of_closing(said: str, with_tls: bool) -> Refusal | None:
    """For a connection that was closed without a word; None when it was not."""
    if not any(word in said for word in _CLOSED):
        return None
    if with_tls:  # TLS 1.3 lets a client go on before its certificate was looked at: then it is closed
        return Refusal("the server closed the connection once TLS was up.", _CLIENT_CURE)
    return Refusal("the server closed the connection.", "It may want TLS: add a `tls` table to the asset.")
