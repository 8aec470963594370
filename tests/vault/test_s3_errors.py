"""What a store answered, in our words. The texts are obstore 0.12.1's, as seen from real stores."""

from __future__ import annotations

import pytest

from outlive.errors import (
    ObjectExists,
    ObjectMissing,
    OutliveError,
    VaultFailed,
    VaultForbidden,
    VaultFull,
    VaultUnreachable,
)
from outlive.vault.s3_errors import Answer, meaning, read_answer

DENIED = """The operation lacked the necessary privileges to complete for path a/b: Error performing GET \
http://s3/bkt/a/b in 4.248355ms - Server returned non-2xx status code: 403 Forbidden: <?xml version="1.0"?>
<Error><Code>SignatureDoesNotMatch</Code><Message>The request signature we calculated does not match.
Check your key.</Message></Error>

Debug source:
PermissionDenied { status: 500, body: "<Code>Other</Code>" }"""

REFUSED = """Generic S3 error: Error performing GET http://127.0.0.1:1/bkt/a/b in 4.545543ms - HTTP error: error \
sending request

Debug source:
Generic { store: "S3", source: RetryError( RetryErrorImpl { inner: Http( HttpError { kind: Connect, source: \
reqwest::Error { source: ConnectError( "tcp connect error", 127.0.0.1:1, Os { code: 111, kind: ConnectionRefused, \
message: "Connection refused", }, ), }, }, ), }, ), }"""

TIMED_OUT = """Generic S3 error: Error performing PUT http://127.0.0.1:4/bkt/x in 4.0s - HTTP error: error sending request

Debug source:
Generic { inner: Http( HttpError { kind: Timeout, source: reqwest::Error { kind: Request, source: TimedOut, }, }, ), }"""

NO_KEYS = """Generic S3 error: Error performing PUT http://169.254.169.254/latest/api/token in 3.6ms - Server is silent

Debug source:
Generic {}"""


def test_status_code_and_message_are_read_from_what_was_said_and_not_from_the_debug_text() -> None:
    answer = read_answer(DENIED)
    assert answer == Answer(
        403, "SignatureDoesNotMatch", "The request signature we calculated does not match. Check your key"
    )


@pytest.mark.parametrize(
    ("text", "words"), [(REFUSED, "Connection refused"), (TIMED_OUT, "no answer in time"), (NO_KEYS, "no access key")]
)
def test_why_no_answer_came_is_said(text: str, words: str) -> None:
    assert words in read_answer(text).words


def test_no_answer_is_unreachable_and_no_keys_is_forbidden() -> None:
    assert isinstance(meaning(read_answer(REFUSED), "k"), VaultUnreachable)
    assert isinstance(meaning(read_answer(TIMED_OUT), "k"), VaultUnreachable)
    error = meaning(read_answer(NO_KEYS), "k")
    assert isinstance(error, VaultForbidden) and "access_key" in error.hint


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, "NoSuchKey", ObjectMissing),
        (404, "NoSuchBucket", VaultFailed),
        (404, "", VaultFailed),
        (403, "AccessDenied", VaultForbidden),
        (403, "", VaultForbidden),
        (401, "", VaultForbidden),
        (400, "ExpiredToken", VaultForbidden),
        (403, "RequestTimeTooSkewed", VaultForbidden),
        (400, "AuthorizationHeaderMalformed", VaultForbidden),
        (403, "QuotaExceeded", VaultFull),
        (507, "", VaultFull),
        (500, "InternalError", VaultUnreachable),
        (503, "SlowDown", VaultUnreachable),
        (502, "", VaultUnreachable),
        (429, "", VaultUnreachable),
        (400, "RequestTimeout", VaultUnreachable),
        (None, "InternalError", VaultUnreachable),  # AWS: 200 with an error in the body of a copy
        (409, "ConditionalRequestConflict", VaultUnreachable),
        (412, "PreconditionFailed", ObjectExists),
        (501, "NotImplemented", VaultFailed),
        (400, "XAmzContentSHA256Mismatch", VaultFailed),
        (301, "PermanentRedirect", VaultFailed),
    ],
)
def test_each_answer_has_one_meaning(status: int | None, code: str, kind: type[OutliveError]) -> None:
    error = meaning(Answer(status, code, "words"), "s3://b/k")
    assert type(error) is kind
    assert "s3://b/k" in str(error)
    assert error.hint


def test_a_404_that_is_not_s3s_own_says_nothing_about_the_object() -> None:
    error = meaning(Answer(404, "", ""), "s3://b/k")
    assert not isinstance(error, ObjectMissing)
    assert "endpoint" in error.hint


@pytest.mark.parametrize(
    ("code", "cure"),
    [
        ("RequestTimeTooSkewed", "clock"),
        ("AuthorizationHeaderMalformed", "region"),
        ("PermanentRedirect", "region"),
        ("NoSuchBucket", "Create the bucket"),
    ],
)
def test_the_cure_fits(code: str, cure: str) -> None:
    assert cure in meaning(Answer(400, code, ""), "k").hint


def test_a_bad_certificate_is_named() -> None:
    error = meaning(Answer(None, "", "invalid peer certificate: UnknownIssuer"), "k")
    assert isinstance(error, VaultUnreachable)
    assert "certificate" in error.hint
