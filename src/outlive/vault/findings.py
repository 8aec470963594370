"""What a look at a vault amounts to: findings, each with its sentence and cure. PURE.

The one question behind them: who could destroy the copies? Whoever breaks into the keeper has the keeper's credentials,
so what these credentials can destroy is not safe.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

CLOCK_WORTH_A_WORD = timedelta(seconds=60)
LEAST_FREE_BYTES = 1 << 30
LEAST_FREE_SHARE = 0.05
FLEETING = {"tmpfs": "memory", "ramfs": "memory", "overlay": "a container's own layer"}
ELSEWHERE = ("nfs", "cifs", "smb", "fuse", "9p", "ceph", "gluster")


class State(StrEnum):
    """What is known of one question."""

    OK = "ok"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One question: its name, what is known, in words, and what to do about it ("" when nothing is to be done)."""

    name: str
    state: State
    sentence: str
    cure: str = ""


@dataclass(frozen=True, slots=True)
class VaultReport:
    """All findings about the vault at `url`."""

    url: str
    findings: tuple[Finding, ...]

    @property
    def state(self) -> State:
        """Bad when anything is; else unknown when anything is: what could not be told is never reported as well."""
        states = {finding.state for finding in self.findings}
        return next((state for state in (State.BAD, State.UNKNOWN) if state in states), State.OK)


class CreateOnly(StrEnum):
    """What became of a second put of a taken key."""

    HONOURED = "honoured"
    REFUSED = "refused"
    IGNORED = "ignored"


class Versioning(StrEnum):
    """Whether the store keeps what is overwritten or deleted."""

    ON = "on"
    OFF = "off"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Retention:
    """A bucket's default Object Lock: `mode` COMPLIANCE or GOVERNANCE, and for how long, as a person says it."""

    mode: str
    period: str


@dataclass(frozen=True, slots=True)
class Held:
    """The lock that one object was seen to have."""

    mode: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Powers:
    """What these credentials were seen to be able to do to an object that is there. None: could not be told."""

    delete: bool | None
    overwrite: bool | None
    versioning: Versioning
    delete_version: bool | None = None
    retention: Retention | None = None
    held: Held | None = None

    @property
    def gone_for_good(self) -> bool | None:
        """Whether these credentials can destroy a copy."""
        if self.versioning is Versioning.ON:
            return self.delete_version
        acts = (self.delete, self.overwrite)
        if True in acts:
            return True if self.versioning is Versioning.OFF else None
        return None if None in acts else False


def deletion(powers: Powers) -> Finding:
    """The main finding: can these credentials destroy copies?"""
    name = "deletion"
    if powers.gone_for_good is None:
        cure = "Allow these credentials s3:GetBucketVersioning and s3:ListBucketVersions, which change nothing."
        return Finding(name, State.UNKNOWN, "Whether these credentials can destroy copies could not be told.", cure)
    if powers.gone_for_good:
        return Finding(name, State.BAD, *_destroyable(powers))
    if powers.versioning is not Versioning.ON:
        return Finding(
            name, State.OK, "These credentials can create and read objects, and neither delete nor overwrite."
        )
    return Finding(name, State.OK, _survives(powers))


def _destroyable(powers: Powers) -> tuple[str, str]:
    lock = "Turn on versioning and Object Lock with a default retention"
    if powers.held is not None and powers.held.mode == "GOVERNANCE":
        return (
            "Object Lock is in mode GOVERNANCE, and these credentials may bypass it: an object was removed for good "
            f"although it was locked until {powers.held.until:%Y-%m-%d}. Whoever has them can destroy everything.",
            "Deny them s3:BypassGovernanceRetention and s3:DeleteObjectVersion, or use mode COMPLIANCE.",
        )
    if powers.versioning is Versioning.ON:
        return (
            "These credentials can delete copies, and their old versions too: whoever has them can destroy everything.",
            f"Deny them s3:DeleteObjectVersion. Or: {lock[0].lower()}{lock[1:]} (mode COMPLIANCE).",
        )
    act = "delete" if powers.delete else "overwrite"
    return (
        f"These credentials can {act} copies, and the bucket keeps no old versions: whoever has them can destroy all.",
        f"{lock} on the bucket, and deny these credentials s3:DeleteObjectVersion.",
    )


def _survives(powers: Powers) -> str:
    kept = "What these credentials delete or overwrite stays as an old version, which they cannot remove"
    retention, held = powers.retention, powers.held
    if held is not None and retention is None:
        who = "nobody can" if held.mode == "COMPLIANCE" else "only somebody with s3:BypassGovernanceRetention can"
        return f"{kept}. The canary is locked until {held.until:%Y-%m-%d} in mode {held.mode}: {who} before that."
    if retention is None:
        return f"{kept}. Somebody with more rights can: there is no Object Lock with a default retention."
    if retention.mode == "COMPLIANCE":
        return f"{kept}. Object Lock keeps it {retention.period}, whoever asks."
    return f"{kept}. Object Lock keeps it {retention.period}, unless somebody with s3:BypassGovernanceRetention asks."


def lock(words: str, held: Held | None, mode: str) -> Finding:
    """Whether `lock_days` does what it says; `words` is what it says."""
    if held is not None and held.mode in ("COMPLIANCE", mode):
        return Finding("lock", State.OK, words)
    if held is not None:
        sentence = f"lock_days asks for mode {mode}, and the canary got {held.mode}."
        return Finding("lock", State.BAD, sentence, "Look at the bucket's Object Lock configuration.")
    cure = "Use a store with Object Lock; allow these credentials s3:PutObjectRetention and s3:GetObjectRetention."
    return Finding("lock", State.BAD, "lock_days is set, and the canary was not seen to be locked.", cure)


def create_only(outcome: CreateOnly, *, kept: bool = False) -> Finding:
    """What it means how the vault treats a put of a taken key. `kept`: what is overwritten stays as an old version that
    these credentials cannot remove."""
    name = "create-only"
    if outcome is CreateOnly.HONOURED:
        return Finding(name, State.OK, "A put of a key that is taken is turned away, and what is there stays.")
    if outcome is CreateOnly.REFUSED:
        return Finding(
            name,
            State.OK,
            "The store knows no conditional put (501). Outlive asks first whether a key is free instead; "
            "two keepers that write one key at the same moment are not told apart. Let only one keeper write here.",
        )
    if kept:
        return Finding(
            name,
            State.OK,
            "The store ignores the condition and overwrites, as Ceph 16 does in a bucket with versions; what was "
            "there stays as an old version that these credentials cannot remove. Let only one keeper write here.",
        )
    return Finding(
        name,
        State.BAD,
        "The store ignores the condition and overwrites: a mistaken or hostile second writer replaces copies unnoticed.",
        "Use a store that honours `If-None-Match` on PUT, or turn on versions and deny these credentials their removal. "
        "Let only one keeper write here.",
    )


def clock_difference(ahead: timedelta) -> Finding:
    """`ahead`: how far the vault's clock is before ours."""
    seconds = abs(ahead).total_seconds()
    if abs(ahead) <= CLOCK_WORTH_A_WORD:
        return Finding("clock", State.OK, f"The vault's clock and ours agree to {max(1.0, seconds):.0f} s.")
    which = "ahead of" if ahead > timedelta() else "behind"
    return Finding(
        "clock",
        State.BAD,
        f"The vault's clock is {seconds:.0f} s {which} this machine's; S3 refuses everything from 900 s on.",
        "Set this machine's clock (`timedatectl`, chrony).",
    )


def free_space(free: int, total: int) -> Finding:
    """Room on a local vault's file system, in bytes."""
    sentence = f"{free / 1e9:.1f} GB of {total / 1e9:.1f} GB are free."
    if free < LEAST_FREE_BYTES or free < total * LEAST_FREE_SHARE:
        return Finding("space", State.BAD, sentence, "Make room, or lower retention, before the next copy fails.")
    return Finding("space", State.OK, sentence)


def file_system(kind: str, mount_point: str) -> Finding:
    """Whether what is written there lasts; `kind` as in mountinfo."""
    if kind in FLEETING:
        sentence = f"It lies on {mount_point} ({kind}), which is {FLEETING[kind]}: a restart takes every copy."
        return Finding("durable", State.BAD, sentence, "Put the vault on a disk.")
    if kind.startswith(ELSEWHERE):
        sentence = f"It lies on {mount_point} ({kind}); how durable that is, is up to the machine behind it."
        return Finding("durable", State.OK, sentence)
    return Finding("durable", State.OK, f"It lies on {mount_point} ({kind}); writing through to the disk works.")


def local_deletion(deleted: bool) -> Finding:
    """A file system protects nothing from the user that writes there."""
    if not deleted:
        return Finding("deletion", State.OK, "This user can create and read files there, and not delete them.")
    return Finding(
        "deletion",
        State.BAD,
        "This user can delete every copy: whoever gets into this machine can, and so can a mistaken command.",
        "Keep a second vault with Object Lock, or file system snapshots that belong to somebody else.",
    )


def mount_of(mountinfo: str, path: str) -> tuple[str, str]:
    """The mount point and kind of file system that hold the absolute `path`, from the text of /proc/self/mountinfo."""
    best = ("/", "unknown")
    for line in mountinfo.splitlines():
        fields, _, rest = line.partition(" - ")
        point = fields.split(" ")[4].replace("\\040", " ")
        if (path == point or path.startswith(point.rstrip("/") + "/")) and len(point) >= len(best[0]):
            best = (point, rest.split(" ")[0])
    return best
