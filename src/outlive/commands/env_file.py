"""A stack's `.env` as compose reads it: what its variables are, lines changed in it, how it is swapped on a host. Pure.

Values are secrets: they travel by stdin and stdout of the commands here, never in an argument.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_LINE = re.compile(r"(\s*(?:export\s+)?)([A-Za-z_][A-Za-z0-9_]*)(\s*=\s*)(.*)")
_NAMED = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))")
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%?&=+,~!*^\[\]-]+")
_SWAP = r"""
set -eu
file=$1 kept=$2 fresh=$3
trap 'rm -f -- "$fresh" "$kept.part"' EXIT # half a file of secrets is nowhere left when the disk runs full
if [ ! -e "$kept" ]; then
  cp -p -- "$file" "$kept.part"
  sync -- "$kept.part"
  mv -- "$kept.part" "$kept"
fi
cp -p -- "$file" "$fresh"
cat >"$fresh"
sync -- "$fresh"
mv -- "$fresh" "$file"
sync -- "$(dirname -- "$file")"
"""
_BESIDE = r"""
set -eu
[ ! -e "$2" ] || exit 0
trap 'rm -f -- "$2.part"' EXIT
cp -p -- "$1" "$2.part"
cat >"$2.part"
sync -- "$2.part"
mv -- "$2.part" "$2"
sync -- "$(dirname -- "$2")"
"""


def values(text: str) -> dict[str, str]:
    """What each variable is, with `${NAME}` of the same file put in; the last line of a name counts. A value that compose
    would work out otherwise (a default, a value over several lines, another file's variable) is left out: it is not known
    here."""
    found: dict[str, str | None] = {}
    for line in text.splitlines():
        if not (assigned := _LINE.fullmatch(line)):
            continue
        name, raw = assigned[2], assigned[4].strip()
        found[name] = _value(raw, found)
    return {name: value for name, value in found.items() if value is not None}


def changed(text: str, new: Mapping[str, str]) -> str:
    """The same with these variables set, every other byte as it was. Raises ValueError, which names no value, for a
    variable that is not there on a line of its own, or a value that would want quotes."""
    if bad := [name for name, value in new.items() if not _PLAIN.fullmatch(value)]:
        raise ValueError(f"the new value of {min(bad)} would want quotes")
    known = values(text)
    if missing := new.keys() - known.keys():
        raise ValueError(f"it sets no {min(missing)}, or by an expression")
    return with_lines(text, {name: f"{_assigned(text, name)}{value}" for name, value in new.items()})


def lines(text: str) -> dict[str, str]:
    """The whole line of each variable; the last one of a name counts."""
    return {found[2]: line for line in text.splitlines() if (found := _LINE.fullmatch(line))}


def with_lines(text: str, new: Mapping[str, str]) -> str:
    """The same with these variables' lines in the place of theirs."""
    told = text.split("\n")
    for number, line in enumerate(told):
        bare = line.removesuffix("\r")
        if (found := _LINE.fullmatch(bare)) and found[2] in new:
            told[number] = new[found[2]] + line[len(bare) :]
    return "\n".join(told)


def read(path: str) -> tuple[str, ...]:
    return ("cat", "--", path)


def swap(path: str, run: str) -> tuple[str, ...]:
    """The command whose stdin becomes the file, whole or not at all, with owner and mode as they were. The file as the run
    found it stays beside it."""
    return ("sh", "-c", _SWAP, "swap", path, kept(path, run), f"{path}.outlive-new-{run}")


def beside(path: str, fresh: str) -> tuple[str, ...]:
    """The command whose stdin becomes the file `fresh`, with owner and mode of `path`, unless `fresh` is there already."""
    return ("sh", "-c", _BESIDE, "beside", path, fresh)


def kept(path: str, run: str) -> str:
    """Where the file lies as it was when the run began."""
    return f"{path}.before-{run}"


def _assigned(text: str, name: str) -> str:
    found = _LINE.fullmatch(lines(text)[name])
    assert found
    return f"{found[1]}{name}{found[3]}"


def _value(raw: str, known: Mapping[str, str | None]) -> str | None:
    if raw[:1] == "'":
        return raw[1:-1] if len(raw) > 1 and raw.endswith("'") and "'" not in raw[1:-1] else None
    if raw[:1] == '"':
        if len(raw) < 2 or not raw.endswith('"') or '"' in raw[1:-1] or "\\" in raw:
            return None
        raw = raw[1:-1]
    else:
        raw = re.sub(r"\s+#.*", "", raw).rstrip()
    names = [one or other for one, other in _NAMED.findall(raw)]
    if any(known.get(name) is None for name in names):
        return None
    whole = _NAMED.sub(lambda one: known[one[1] or one[2]] or "", raw)
    return None if "$" in _NAMED.sub("", raw) else whole
