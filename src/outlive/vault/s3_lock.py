"""Objects that nobody can delete before their time: S3 Object Lock, one object at a time.

AWS wants a checksum with every locked put; `Content-MD5` is the one that all stores take. Ceph RGW honours the
condition `If-None-Match` only in buckets without versions, and Object Lock needs versions: whoever puts must therefore
look first whether the key is free (`layers/lock.py`). The condition is sent all the same, for stores that honour it.
"""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import md5
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from outlive.errors import ConfigError
from outlive.vault import s3_boto
from outlive.vault.lock_rule import BucketLock, LockMode
from outlive.vault.s3_location import S3Location

NO_LOCK = {
    "ObjectLockConfigurationNotFoundError",
    "NoSuchObjectLockConfiguration",
    "NotImplemented",
    "MethodNotAllowed",
}
HOW_TO_LOCK = (
    "Object Lock is turned on when a bucket is made (AWS also on an existing one, with versioning). Make such a bucket, or "
    "take `lock_days` out of the table."
)


class ObjectLocker:
    """Puts and copies with a retention of their own. Safe for many threads."""

    def __init__(self, location: S3Location) -> None:
        self._location = location
        self._made: Any = None
        self._lock = threading.Lock()

    def put(self, key: str, data: bytes, until: datetime, mode: LockMode) -> None:
        digest = b64encode(md5(data, usedforsecurity=False).digest()).decode()
        with self._translated(key):
            self._s3().put_object(
                **self._object(key),
                Body=data,
                ContentMD5=digest,
                IfNoneMatch="*",
                ObjectLockMode=mode.value,
                ObjectLockRetainUntilDate=until,
            )

    def copy(self, source: str, target: str, until: datetime, mode: LockMode) -> None:
        origin = {"Bucket": self._location.bucket, "Key": self._location.prefix + source}
        with self._translated(source):
            self._s3().copy_object(
                **self._object(target),
                CopySource=origin,
                ObjectLockMode=mode.value,
                ObjectLockRetainUntilDate=until,
            )

    def locked_until(self, key: str) -> tuple[datetime, LockMode] | None:
        """Until when the object is locked and how; None when it is not, is not there, or these credentials may not know."""
        try:
            head = self._s3().head_object(**self._object(key))
        except ClientError as error:
            if s3_boto.code(error)[1] in (403, 404):
                return None
            raise s3_boto.translated(error, self._location, self._name(key)) from error
        except BotoCoreError as error:
            raise s3_boto.translated(error, self._location, self._name(key)) from error
        until, mode = head.get("ObjectLockRetainUntilDate"), head.get("ObjectLockMode")
        return (until, LockMode(mode)) if until and mode else None

    def bucket(self) -> BucketLock:
        """Raises `ConfigError` when the bucket has no Object Lock. Where these credentials may not ask, no default is
        assumed."""
        try:
            answer = self._s3().get_object_lock_configuration(Bucket=self._location.bucket)
        except ClientError as error:
            name, status = s3_boto.code(error)
            if name in NO_LOCK or status == 501:
                what = f"lock_days is set, and the bucket {self._location.bucket} has no Object Lock: nothing was put."
                raise ConfigError(what, hint=HOW_TO_LOCK) from error
            if status in (401, 403):
                return BucketLock(0, None)
            raise s3_boto.translated(error, self._location, self._location.url) from error
        except BotoCoreError as error:
            raise s3_boto.translated(error, self._location, self._location.url) from error
        rule = answer.get("ObjectLockConfiguration", {}).get("Rule", {}).get("DefaultRetention") or {}
        days = rule.get("Days") or 365 * rule.get("Years", 0)
        return BucketLock(days, LockMode(rule["Mode"]) if days else None)

    def _s3(self) -> Any:
        with self._lock:
            if self._made is None:
                self._made = s3_boto.client(self._location, attempts=1)  # `layers/retry` knows what may be repeated
            return self._made

    def _object(self, key: str) -> dict[str, str]:
        return {"Bucket": self._location.bucket, "Key": self._location.prefix + key}

    def _name(self, key: str) -> str:
        return f"{self._location.url}/{key}"

    @contextmanager
    def _translated(self, key: str) -> Iterator[None]:
        try:
            yield
        except (ClientError, BotoCoreError) as error:
            raise s3_boto.translated(error, self._location, self._name(key)) from error
