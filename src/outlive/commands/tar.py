"""What we say to GNU tar, and how its complaints are read.

`LC_ALL=C` on both sides: otherwise tar converts file names between the host's character set and UTF-8. The options that
make two runs over the same files give the same bytes: names sorted, no access or change times, no process id in the
names of extended headers.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

_TAR = ("env", "LC_ALL=C", "tar")
_PSEUDO = frozenset(
    (
        *("proc", "sysfs", "devtmpfs", "devpts", "cgroup", "cgroup2", "mqueue", "debugfs", "tracefs", "securityfs"),
        *("pstore", "bpf", "configfs", "fusectl", "hugetlbfs", "binfmt_misc", "efivarfs", "autofs", "nsfs"),
        *("rpc_pipefs", "overlay"),
    )
)

CHANGED = 1  # tar(1): "Some files differ": something changed or vanished while it was read
FATAL = 2


@dataclass(frozen=True, slots=True)
class Complaints:
    """What tar said on stderr: `changed` are files that changed or vanished while they were read; `others` the rest."""

    changed: tuple[str, ...]
    others: tuple[str, ...]


def version() -> tuple[str, ...]:
    return (*_TAR, "--version")


def is_gnu(version_text: str) -> bool:
    return "(GNU tar)" in version_text


def create(
    directory: str, names: Sequence[str] = (".",), *, exclude: Sequence[str] = (), without: Sequence[str] = ()
) -> tuple[str, ...]:
    """An archive of `names` below `directory` on stdout, with holes, ACLs, extended attributes and numeric owners.

    `exclude` are a person's patterns, matched as tar does by default: `*` crosses "/", and a pattern fits at any "/".
    `without` are exact paths as they stand in the archive ("./data/app.db").

    Other file systems mounted below `directory` are copied too: leaving one out would be a silent hole in the copy.
    `pseudo_mounts` finds those that are not data.
    """
    words = [*_TAR, "--create", "--file=-", "--format=posix", "--sort=name", "--numeric-owner"]
    words += ["--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime"]
    words += ["--acls", "--xattrs", "--xattrs-include=*", "--sparse", f"--directory={directory}"]
    words += ["--no-anchored", "--wildcards", "--wildcards-match-slash"]
    words += [f"--exclude={pattern}" for pattern in exclude]
    words += ["--anchored", "--no-wildcards"]
    words += [f"--exclude={path}" for path in without]
    return (*words, "--", *names)


def create_plainly(directory: str, *, exclude: Sequence[str] = ()) -> tuple[str, ...]:
    """The same with busybox's tar, which knows neither ACLs, extended attributes, holes nor an order of names."""
    return ("tar", "-c", "-f", "-", "-C", directory, *(f"--exclude={pattern}" for pattern in exclude), ".")


def extract(directory: str, *, as_root: bool) -> tuple[str, ...]:
    """Unpacks stdin into `directory`. GNU tar itself refuses members that would leave it (absolute names, "..",
    links that point outside are made last), so `--absolute-names` must never be added."""
    owner = "--same-owner" if as_root else "--no-same-owner"
    words = ["--extract", "--file=-", "--numeric-owner", owner, "--same-permissions", "--acls", "--xattrs"]
    return (*_TAR, *words, "--xattrs-include=*", f"--directory={directory}")


def read_complaints(stderr: str, *, restless: Iterable[str] = ()) -> Complaints:
    """Sorts the lines of stderr. tar escapes line breaks in names, so a line is one complaint. In the directories of
    `restless` ("." or "./a") files that are left out come and go all the time: that those changed says nothing."""
    known = {f"tar: {_escaped(directory)}: file changed as we read it" for directory in restless}
    lines = [line for line in stderr.splitlines() if line.startswith(("tar: ", "env: ")) and line not in known]
    lines = [
        line
        for line in lines
        if not line.endswith(("socket ignored", "Exiting with failure status due to previous errors"))
    ]
    changed = tuple(line for line in lines if line.endswith(_CHANGES) or "File shrank by" in line)
    return Complaints(changed, tuple(line for line in lines if line not in changed))


def _escaped(path: str) -> str:
    """As tar writes names in messages (its quoting style "escape", in the C locale)."""
    letters = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 92: "\\"}
    return "".join(
        f"\\{letters[byte]}" if byte in letters else chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"
        for byte in path.encode("utf-8", "surrogateescape")
    )


_CHANGES = ("file changed as we read it", "File removed before we read it", "Directory has been renamed")


def excluded(path: str, patterns: Iterable[str]) -> bool:
    """Whether `create(exclude=patterns)` leaves out `path` ("./a/b"), by itself or with a directory above it."""
    steps = path.split("/")
    parts = ["/".join(steps[first:last]) for first in range(len(steps)) for last in range(first + 1, len(steps) + 1)]
    return any(fnmatchcase(part, pattern.rstrip("/")) for pattern in patterns for part in parts)


def pseudo_mounts(mountinfo: str, directory: str) -> tuple[str, ...]:
    """Paths ("./proc") of mounts below `directory` that hold no data of their own: the kernel's file systems, and the
    merged view of containers' layers. `mountinfo` is /proc/self/mountinfo (proc(5))."""
    found = []
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        fields, kind = left.split(" "), right.split(" ")[0]
        if len(fields) < 5 or kind not in _PSEUDO:
            continue
        path = fields[4].replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
        below = posixpath.relpath(path, directory)
        if below != "." and below.split("/")[0] != "..":
            found.append(f"./{below}")
    return tuple(dict.fromkeys(found))
