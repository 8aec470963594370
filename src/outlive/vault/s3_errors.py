"""What an S3 store's answer means, in our words. PURE.

obstore gives one exception class for most failures and the store's answer as text, so the status and the `<Code>` are
read from there. The code decides before the status does: stores agree on codes (AWS "Error responses" in the S3 API
reference; Ceph RGW and Swift use the same ones) and less on statuses. Only code and message are repeated to people,
never the request.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from outlive.errors import ObjectExists, ObjectMissing, OutliveError, VaultFailed, VaultForbidden, VaultFull
from outlive.errors import VaultUnreachable as Unreachable

_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>([\w.]+)</Code>")
_MESSAGE = re.compile(r"<Message>([^<]*)</Message>")
_SYSTEM_SAID = re.compile(r'(?:message|error): "([^"]+)"')
_TEXT_BYTES = 200

_FORBIDDEN = {
    "AccessDenied",
    "AllAccessDisabled",
    "AuthorizationHeaderMalformed",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidSecurity",
    "InvalidToken",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
}
_FULL = {"InsufficientCapacity", "InsufficientStorage", "QuotaExceeded", "ServiceQuotaExceeded", "XMinioStorageFull"}
# Nothing was decided: the same request may be sent again. The conflicts are two writers of one key at one moment.
_TRY_AGAIN = {
    "ConcurrentModification",
    "ConditionalRequestConflict",
    "IncompleteBody",
    "InternalError",
    "OperationAborted",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "TooManyRequests",
}
_TRY_AGAIN_STATUS = {408, 425, 429, 500, 502, 503, 504}

_CLOCK = (
    "This machine's clock is wrong, or the store's is: S3 refuses requests that are more than 15 minutes off. Set it."
)
_REGION = "Set `region` in [vault] to the one the bucket is in."
_NO_BUCKET = "Create the bucket, or mend its name or the endpoint in [vault]. Outlive makes no buckets."
_NO_KEYS = (
    "Give `access_key` and `secret_key` in [vault]; none were found in the environment or from this machine's cloud."
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `status` is None when no answer came, `code` and `message` are "" when it named none."""

    status: int | None
    code: str
    message: str

    @property
    def refuses_condition(self) -> bool:
        """Whether the store says that it does not know `If-None-Match` on a PUT (Swift: 501, nothing is written)."""
        return self.status == 501 or self.code == "NotImplemented"

    @property
    def words(self) -> str:
        """For people: `503 SlowDown: please reduce your request rate`."""
        number = "" if self.status is None else str(self.status)
        head = " ".join(word for word in (number, self.code) if word)
        return ": ".join(word for word in (head, self.message) if word)


def read_answer(text: str) -> Answer:
    """The answer inside the text of one of obstore's exceptions."""
    said, _, debug = text.partition("\n\nDebug source:")
    status, code, message = _STATUS.search(said), _CODE.search(said), _MESSAGE.search(said)
    if status is None and code is None:
        return Answer(None, "", _why_no_answer(said, debug))
    return Answer(
        int(status[1]) if status else None,
        code[1] if code else "",
        " ".join(message[1].split())[:_TEXT_BYTES].rstrip(".") if message else "",
    )


def _why_no_answer(said: str, debug: str) -> str:
    if "169.254." in said:
        return "no access key is configured"
    if "redirect" in said:
        return "it redirects to another region"
    system = _SYSTEM_SAID.search(debug)
    if system:
        return system[1][:_TEXT_BYTES]
    if "TimedOut" in debug or "kind: Timeout" in debug:
        return "no answer in time"
    if "HTTP error" in said or "reqwest" in debug:
        return "the connection broke"
    return said.splitlines()[0][:_TEXT_BYTES] if said else "no answer"


def meaning(answer: Answer, what: str) -> OutliveError:
    """The error that this answer about `what` (a key with its vault) is.

    `ObjectMissing` comes of `NoSuchKey` alone: a 404 from a proxy or a wrong endpoint says nothing about the object.
    """
    said = f"{what}: {answer.words}"
    if answer.code == "NoSuchKey":
        return ObjectMissing(what)
    if answer.code == "NoSuchBucket":
        return VaultFailed(f"{said}.", hint=_NO_BUCKET)
    if answer.code in _FULL or answer.status == 507:
        return VaultFull(f"{said}.")
    if answer.code in _FORBIDDEN:
        return _forbidden(answer, said)
    if answer.code in _TRY_AGAIN or answer.status in _TRY_AGAIN_STATUS:
        return Unreachable(f"{said}.", hint="It is there but busy or broken. Copies already there are not touched.")
    if answer.code == "PreconditionFailed" or answer.status == 412:
        return ObjectExists(what)
    if answer.status in (401, 403):
        return _forbidden(answer, said)
    return _rest(answer, said)


def _forbidden(answer: Answer, said: str) -> OutliveError:
    hints = {"RequestTimeTooSkewed": _CLOCK, "RequestExpired": _CLOCK, "AuthorizationHeaderMalformed": _REGION}
    return VaultForbidden(f"{said}.", hint=hints.get(answer.code))


def _rest(answer: Answer, said: str) -> OutliveError:
    if answer.status is None and not answer.code:
        if answer.message == "no access key is configured":
            return VaultForbidden(f"{said}.", hint=_NO_KEYS)
        if answer.message == "it redirects to another region":
            return VaultFailed(f"{said}.", hint=_REGION)
        return Unreachable(f"{said}.", hint=_certificate_hint(answer.message))
    if answer.code in ("PermanentRedirect", "TemporaryRedirect"):
        return VaultFailed(f"{said}.", hint=_REGION)
    if answer.status == 404:
        hint = "Is `endpoint` in [vault] really an S3 endpoint? Nothing is concluded about the object."
        return VaultFailed(f"{said}. This is not S3's way to say that an object is missing.", hint=hint)
    return VaultFailed(f"{said}.")


def _certificate_hint(message: str) -> str | None:
    if "certificate" not in message.lower():
        return None
    return "Its TLS certificate is not one that this machine trusts. Mend it, or add its authority to the system's."
