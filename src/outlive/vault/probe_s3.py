"""Asks an S3 bucket what obstore cannot: versions, Object Lock, lifecycle, and whether strangers may read."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.utils import parsedate_to_datetime
from hashlib import md5
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from outlive.clock import Clock
from outlive.errors import VaultFailed
from outlive.vault.findings import Finding, Held, Powers, Retention, State, Versioning, clock_difference
from outlive.vault.s3_boto import client, code
from outlive.vault.s3_errors import Answer, meaning
from outlive.vault.s3_location import S3Location

REFUSED = {"AccessDenied", "ObjectLocked"}  # what a delete of a locked version is answered
UNSUPPORTED = {"NotImplemented", "MethodNotAllowed", "UnsupportedOperation"}
NO_SUCH_SETTING = {
    "NoSuchLifecycleConfiguration",
    "ObjectLockConfigurationNotFoundError",
    "NoSuchObjectLockConfiguration",
}


class BucketProbe:
    """Looks at one bucket through one object, the canary at `key` (within the vault), which is there already."""

    def __init__(self, location: S3Location, key: str) -> None:
        self._location = location
        self._object = {"Bucket": location.bucket, "Key": location.prefix + key}
        self._s3 = client(location)

    def clock(self, clock: Clock) -> Finding:
        """The store's `Date` against ours, as both stood in the middle of the request."""
        before = clock.now()
        with self._translated():
            headers = self._s3.head_object(**self._object)["ResponseMetadata"]["HTTPHeaders"]
        after = clock.now()
        if "date" not in headers:
            return Finding("clock", State.UNKNOWN, "The store does not say what time it has.", "Compare by hand.")
        theirs = parsedate_to_datetime(headers["date"])
        return clock_difference(theirs - before - (after - before) / 2 + timedelta(milliseconds=500))

    def strangers(self) -> Finding:
        """Whether the canary can be read without any credentials."""
        stranger = client(self._location, anonymous=True)
        try:
            stranger.get_object(**self._object)["Body"].read()
        except ClientError:
            return Finding("strangers", State.OK, "Nobody can read it without credentials.")
        except BotoCoreError:
            return Finding("strangers", State.UNKNOWN, "Whether strangers can read could not be told.", "Try again.")
        return Finding(
            "strangers",
            State.BAD,
            "Anybody can read objects without credentials. Parts are encrypted; names, sizes and inventories are not.",
            "Make the bucket private (AWS: Block Public Access; elsewhere its policy or ACL).",
        )

    def lifecycle(self) -> Finding:
        """Whether the bucket itself deletes objects below our prefix."""
        answer = self._setting(lambda: self._s3.get_bucket_lifecycle_configuration(Bucket=self._location.bucket))
        if answer is None:
            cure = "Allow these credentials s3:GetLifecycleConfiguration, which changes nothing."
            return Finding("lifecycle", State.UNKNOWN, "Whether the bucket itself deletes objects is unknown.", cure)
        harmful = [rule for rule in answer.get("Rules", ()) if self._expires_ours(rule)]
        if not harmful:
            sentence = (
                "No rule of the bucket deletes copies. Incomplete uploads cannot pile up: every put is one request."
            )
            return Finding("lifecycle", State.OK, sentence)
        when = harmful[0]["Expiration"]
        after = f"after {when['Days']} days" if "Days" in when else f"on {when['Date']:%Y-%m-%d}"
        return Finding(
            "lifecycle",
            State.BAD,
            f"A rule of the bucket ({harmful[0].get('ID', 'without a name')}) deletes objects here {after}, proven or not.",
            "Remove it or keep it off this prefix: `outlive prune` decides what may go.",
        )

    def powers(self, delete: Callable[[], bool | None]) -> Powers:
        """Tries to overwrite and to `delete` the canary, then to remove its versions for good."""
        versioning = self._versioning()
        versions = self._versions() if versioning is Versioning.ON else []
        overwrite = self._attempt(self._overwrite)
        deleted = delete()
        held = self._held(versions)
        removed = self._remove(versions[0]) if versions else None
        for left in self._versions() if removed and versions else []:
            self._remove(left)  # the canary's other versions and delete marker: litter
        return Powers(deleted, overwrite, versioning, removed, self._retention(), held)

    def _held(self, versions: list[str]) -> Held | None:
        """The lock that the canary itself got, whoever gave it."""
        for version in reversed(versions):  # newest first: the canary is below what was written over it
            head = self._setting(lambda version=version: self._s3.head_object(**self._object, VersionId=version)) or {}  # type: ignore[misc]
            until, mode = head.get("ObjectLockRetainUntilDate"), head.get("ObjectLockMode")
            if until and mode:
                return Held(mode, until)
        return None

    def _overwrite(self) -> None:
        body = b"overwritten"
        digest = b64encode(md5(body, usedforsecurity=False).digest()).decode()  # demanded where there is Object Lock
        self._s3.put_object(**self._object, Body=body, ContentMD5=digest)

    def _remove(self, version: str) -> bool | None:
        """Whether that version could be removed, by every means that these credentials have."""
        plain = self._attempt(lambda: self._s3.delete_object(**self._object, VersionId=version))
        if plain is not False:
            return plain if version not in self._versions() else None
        return bool(
            self._attempt(
                lambda: self._s3.delete_object(**self._object, VersionId=version, BypassGovernanceRetention=True)
            )
            and version not in self._versions()
        )

    def _versions(self) -> list[str]:
        answer = self._setting(
            lambda: self._s3.list_object_versions(Bucket=self._location.bucket, Prefix=self._object["Key"])
        )
        found = [*(answer or {}).get("Versions", ()), *(answer or {}).get("DeleteMarkers", ())]
        return [entry["VersionId"] for entry in found if entry["Key"] == self._object["Key"]]

    def _versioning(self) -> Versioning:
        answer = self._setting(lambda: self._s3.get_bucket_versioning(Bucket=self._location.bucket))
        if answer is None:
            return Versioning.UNKNOWN
        return Versioning.ON if answer.get("Status") == "Enabled" else Versioning.OFF

    def _retention(self) -> Retention | None:
        answer = self._setting(lambda: self._s3.get_object_lock_configuration(Bucket=self._location.bucket))
        rule = (answer or {}).get("ObjectLockConfiguration", {}).get("Rule", {}).get("DefaultRetention")
        if not rule:
            return None
        return Retention(rule["Mode"], f"{rule['Days']} days" if rule.get("Days") else f"{rule['Years']} years")

    def _expires_ours(self, rule: dict[str, Any]) -> bool:
        given = rule.get("Filter") or {}
        prefix = rule.get("Prefix") or given.get("Prefix") or given.get("And", {}).get("Prefix") or ""
        ours = self._location.prefix
        ends = any(name in rule.get("Expiration", {}) for name in ("Days", "Date"))
        return rule["Status"] == "Enabled" and ends and (ours.startswith(prefix) or prefix.startswith(ours))

    def _setting(self, ask: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
        """The answer; {} when the store has no such thing; None when these credentials may not ask."""
        try:
            return ask()
        except ClientError as error:
            name, status = code(error)
            if name in NO_SUCH_SETTING or name in UNSUPPORTED or status in (405, 501):
                return {}
            if status in (401, 403):
                return None
            raise meaning(Answer(status, name, ""), self._location.url) from error
        except BotoCoreError as error:
            raise meaning(Answer(None, "", "the connection broke"), self._location.url) from error

    def _attempt(self, act: Callable[[], object]) -> bool | None:
        """True: it was done. False: it was refused. None: neither."""
        try:
            act()
        except ClientError as error:
            name, status = code(error)
            return False if name in REFUSED or status in (401, 403) else None
        except BotoCoreError:
            return None
        return True

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            name, status = code(error)
            raise meaning(Answer(status, name, ""), f"{self._location.url}/...") from error
        except BotoCoreError as error:
            raise VaultFailed(f"{self._location.url}: {type(error).__name__}.") from error
