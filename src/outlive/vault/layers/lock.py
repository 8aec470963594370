"""Locks what is put into an S3 vault, so that it cannot be deleted before its time by anybody who breaks in.

Deleting goes on working as S3 has it: the object vanishes from listings, and its bytes stay as an old version until the
lock ends. Where the bucket's own default retention is at least as strong, puts go the usual way (obstore); else each is
sent with a retention of its own (boto3). Buckets with Object Lock have versions, and there not every store honours
create-only puts: so this layer asks first whether a key is free. Two writers of one key at one moment are not told
apart by Ceph; both objects are kept as versions.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

from outlive.clock import Clock
from outlive.errors import ObjectExists
from outlive.vault.base import ObjectInfo, check_key
from outlive.vault.lock_rule import BucketLock, LockMode, LockRule
from outlive.vault.s3 import S3Vault
from outlive.vault.s3_lock import ObjectLocker


class LockVault:
    """Passes everything on; what it creates is locked as `rule` says."""

    def __init__(self, inner: S3Vault, rule: LockRule, clock: Clock) -> None:
        self.inner = inner
        self.rule = rule
        self._clock = clock
        self._locker = ObjectLocker(inner.location)
        self._bucket: BucketLock | None = None
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return self.inner.url

    def put(self, key: str, data: bytes) -> None:
        """As `Vault.put`. Raises `ConfigError` when the bucket has no Object Lock."""
        until = self._until(check_key(key))
        if self.inner.is_there(key):
            raise ObjectExists(f"{self.url}/{key}")
        if until is None:
            self.inner.put(key, data)
        else:
            self._locker.put(key, data, until, self.rule.mode)

    def get(self, key: str) -> bytes:
        return self.inner.get(key)

    def holds(self, key: str, data: bytes) -> bool:
        return self.inner.holds(key, data)

    def walk(self, prefix: str) -> Iterator[ObjectInfo]:
        return self.inner.walk(prefix)

    def folders(self, prefix: str) -> list[str]:
        return self.inner.folders(prefix)

    def copy(self, source: str, target: str) -> None:
        until = self._until(check_key(target))
        if until is None:
            self.inner.copy(source, target)
            return
        check_key(source)
        if self.inner.is_there(target):
            raise ObjectExists(f"{self.url}/{target}")
        self._locker.copy(source, target, until, self.rule.mode)

    def delete(self, key: str) -> None:
        self.inner.delete(key)

    def locked_until(self, key: str) -> tuple[datetime, LockMode] | None:
        """Until when the store keeps the object, and how; None when it is not locked."""
        return self._locker.locked_until(check_key(key))

    def _until(self, key: str) -> datetime | None:
        """Until when an object put now is to be locked; None when nothing need be said."""
        days = self.rule.days_of(key)
        if not days or (days == self.rule.days and self._of_bucket().covers(days, self.rule.mode)):
            return None
        self._of_bucket()
        return self._clock.now() + timedelta(days=days)

    def _of_bucket(self) -> BucketLock:
        """Asked once; an answer that could not be had is asked for again by the next put."""
        with self._lock:
            if self._bucket is None:
                self._bucket = self._locker.bucket()
            return self._bucket
