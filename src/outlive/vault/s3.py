"""A vault in any S3 store, through obstore.

Every object goes up as one PUT, never in multipart: only that can be made conditional everywhere (Ceph RGW checks no
condition when a multipart upload is completed). The condition is `If-None-Match: *`. Three kinds of store are known:

- it is honoured (AWS, Ceph RGW): two writers of one key have one winner;
- it is refused with 501 and nothing is written (Swift): then this vault asks first whether the key is free, and puts
  without a condition. Two writers at the same moment may then both succeed, the later one stays;
- it is ignored and the object overwritten (rclone; Ceph RGW 16 in a bucket with versions): nothing in the answer tells.
  `outlive vault check` finds it out.

Nothing is retried in here: `layers.retry` does, because it alone knows whether an earlier try may have had an effect.
Ctrl-C is heard when the running request ends, at the latest at its time-out: obstore waits outside Python.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING, Literal

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from outlive.errors import ObjectExists, ObjectMissing, VaultFailed, VaultUnreachable
from outlive.vault.base import ObjectInfo, check_key
from outlive.vault.s3_errors import meaning, read_answer
from outlive.vault.s3_location import S3Location

if TYPE_CHECKING:
    from obstore.store import ClientConfig, S3Config, S3Credential

PIECE_BYTES = 1 << 20
LARGEST_BYTES = 256 << 20  # the largest part that the configuration allows
COPY_SECONDS = 300  # a store may take that long to copy an object within itself
FOREIGN_KEY = (
    "An object with a key that is no plain path lies there, and Outlive did not write it. Remove it, or give Outlive a "
    "prefix of its own."
)


@dataclass(frozen=True, slots=True)
class Patience:
    """Time-outs, in seconds: to connect; without a sign of life; and the slowest line that still counts as one."""

    connect: float = 10
    quiet: float = 60
    slowest_bytes_per_second: int = 64 << 10

    def whole(self, size: int) -> float:
        """How long a request with `size` bytes may take altogether; a multiple of `quiet`, so that there are few."""
        return self.quiet * ceil(1 + size / self.slowest_bytes_per_second / self.quiet)


class S3Vault:
    """Objects below a prefix of a bucket. The bucket must exist. Safe for many threads."""

    def __init__(self, location: S3Location, patience: Patience | None = None) -> None:
        self.location = location
        self.patience = patience or Patience()
        self.refuses_conditions = False  # learnt from the first 501
        self._lock = threading.Lock()
        self._puts: dict[float, S3Store] = {}
        quiet = self.patience.quiet
        self._reads = self._client(self.patience.whole(LARGEST_BYTES), quiet)
        self._acts = self._client(max(quiet, min(COPY_SECONDS, quiet * 5)), None)

    @property
    def url(self) -> str:
        return self.location.url

    def put(self, key: str, data: bytes) -> None:
        path = self._path(key)
        if not self.refuses_conditions and self._put_if_absent(path, key, data):
            return
        if self._is_there(path, key):
            raise ObjectExists(self._name(key))
        self._put(path, key, data, "overwrite")

    def get(self, key: str) -> bytes:
        path = self._path(key)
        with self._translated(key):
            answer = obstore.get(self._reads, path)
            whole = io.BytesIO()  # getvalue() hands its buffer over: the object is in memory once
            for piece in answer.stream(min_chunk_size=PIECE_BYTES):
                whole.write(piece)
            size = answer.meta["size"]
        data = whole.getvalue()
        if len(data) != size:
            raise VaultUnreachable(f"{self._name(key)}: the answer ended after {len(data)} of {size} bytes.")
        return data

    def holds(self, key: str, data: bytes) -> bool:
        path, view = self._path(key), memoryview(data)
        with self._translated(key):
            answer = obstore.get(self._reads, path)
            if answer.meta["size"] != len(view):
                return False
            for piece in answer.stream(min_chunk_size=PIECE_BYTES):
                if view[: len(piece)] != memoryview(piece):
                    return False
                view = view[len(piece) :]
        if view:
            raise VaultUnreachable(f"{self._name(key)}: the answer ended {len(view)} bytes early.")
        return True

    def walk(self, prefix: str) -> Iterator[ObjectInfo]:
        with self._translated(prefix):
            found = obstore.list(self._reads, self._folder(prefix), chunk_size=1000).collect()
        infos = (
            ObjectInfo(meta["path"].removeprefix(self.location.prefix), meta["size"], meta["last_modified"])
            for meta in found
        )
        yield from sorted(infos, key=lambda info: info.key)  # not every store lists in order

    def folders(self, prefix: str) -> list[str]:
        with self._translated(prefix):
            found = obstore.list_with_delimiter(self._reads, self._folder(prefix))["common_prefixes"]
        return sorted(path.rstrip("/").rsplit("/", 1)[-1] for path in found)

    def copy(self, source: str, target: str) -> None:
        """As `Vault.copy`. Raises `ObjectExists` when the target is seen to be there; S3 has no condition for it."""
        origin, path = self._path(source), self._path(target)
        if self._is_there(path, target):
            raise ObjectExists(self._name(target))
        with self._translated(source):
            obstore.copy(self._acts, origin, path)

    def delete(self, key: str) -> None:
        path = self._path(key)
        try:
            with self._translated(key):
                obstore.delete(self._acts, path)
        except ObjectMissing:
            return  # AWS answers 204 for what is not there, some stores NoSuchKey

    def is_there(self, key: str) -> bool:
        """Whether the vault says that it has the object."""
        return self._is_there(self._path(key), key)

    def _put_if_absent(self, path: str, key: str, data: bytes) -> bool:
        """Whether the store took the condition (and the object); False when it refuses conditions."""
        try:
            self._put(path, key, data, "create")
        except VaultFailed as error:
            if not isinstance(error.__cause__, Exception) or not read_answer(str(error.__cause__)).refuses_condition:
                raise
            self.refuses_conditions = True
            return False
        return True

    def _put(self, path: str, key: str, data: bytes, mode: Literal["create", "overwrite"]) -> None:
        with self._translated(key):
            obstore.put(self._client_to_put(len(data)), path, data, mode=mode, use_multipart=False)

    def _is_there(self, path: str, key: str) -> bool:
        """Asked with GET, because the answer to HEAD has no body and so cannot tell a missing key from a wrong URL."""
        try:
            with self._translated(key):
                obstore.get(self._reads, path)
        except ObjectMissing:
            return False
        return True

    def _name(self, key: str) -> str:
        return f"{self.url}/{key}"

    def _path(self, key: str) -> str:
        return self.location.prefix + check_key(key)

    def _folder(self, prefix: str) -> str | None:
        return (self.location.prefix + prefix) or None

    @contextmanager
    def _translated(self, key: str) -> Iterator[None]:
        """The one place where obstore's exceptions become ours."""
        try:
            yield
        except (BaseError, OSError) as error:
            text = self.location.without_secret(str(error))
            if "invalid path" in text:
                raise VaultFailed(f"{self._name(key)}: {text.splitlines()[0]}.", hint=FOREIGN_KEY) from error
            raise meaning(read_answer(text), self._name(key)) from error

    def _client_to_put(self, size: int) -> S3Store:
        seconds = self.patience.whole(size)
        with self._lock:
            if seconds not in self._puts:
                # No limit on silence: while a body goes up, the store is silent all the time.
                self._puts[seconds] = self._client(seconds, None)
            return self._puts[seconds]

    def _client(self, seconds: float, quiet: float | None) -> S3Store:
        options: ClientConfig = {
            "allow_http": self.location.plain_http,
            "connect_timeout": timedelta(seconds=self.patience.connect),
            "timeout": timedelta(seconds=seconds),
            "pool_idle_timeout": timedelta(seconds=20),
        }
        if quiet is not None:
            options["read_timeout"] = timedelta(seconds=quiet)
        return S3Store(
            config=self._config(),
            client_options=options,
            retry_config={"max_retries": 0, "retry_timeout": timedelta(seconds=1)},
            credential_provider=self._credentials if self.location.access_key else None,
        )

    def _config(self) -> S3Config:
        """Every setting that AWS_* variables of the environment would otherwise decide is set here."""
        return {
            "bucket": self.location.bucket,
            "aws_endpoint_url_s3": self.location.requested_at,
            "region": self.location.region,
            "virtual_hosted_style_request": not self.location.path_style,
            "skip_signature": False,
            "unsigned_payload": False,
            "checksum_algorithm": "SHA256",  # AWS demands a checksum where the bucket has Object Lock
            "disable_bulk_delete": True,  # Swift answers 400 to it
        }

    def _credentials(self) -> S3Credential:
        assert self.location.access_key is not None and self.location.secret_key is not None
        return {
            "access_key_id": self.location.access_key,
            "secret_access_key": self.location.secret_key,
            "token": None,
            "expires_at": None,
        }
