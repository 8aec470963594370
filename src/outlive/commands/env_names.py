"""Which variables a stack has: the names, asked so that no value leaves the host, and how the answer is read.

`awk` prints what stands before the first `=` of an assignment and passes over the lines within a quoted value; of
containers, Docker's own template does. What is made of the names is `leaks/rotation.py`'s.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

MOST_NAMES = 500
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
# `quote`: the quotation mark that the value of an earlier line opened. \047 is the single one.
_AWK = r"""
function closes(rest) { gsub("\\\\" quote, "", rest); return index(rest, quote) > 0 }
quote != "" { if (closes($0)) quote = ""; next }
/^[ \t]*(export[ \t]+)?[A-Za-z_][A-Za-z0-9_]*[ \t]*=/ {
  name = $0; sub(/[ \t]*=.*/, "", name); sub(/^[ \t]*(export[ \t]+)?/, "", name)
  rest = $0; sub(/^[^=]*=[ \t]*/, "", rest)
  if (rest == "" && name !~ /^[A-Z_][A-Z0-9_]*$/ && name !~ /^[a-z_][a-z0-9_]*$/) next
  if (substr(rest, 1, 1) == "=") next
  print "name\t" name
  first = substr(rest, 1, 1)
  if (first == "\"" || first == "\047") { quote = first; if (closes(substr(rest, 2))) quote = "" }
}
"""
_LOOK = r"""
files=$1; shift
printf '%s\n' "$files" | while IFS= read -r file; do
  [ -r "$file" ] && awk "$AWK" "$file" && printf 'read\t\n'
done
[ $# -gt 0 ] && docker container inspect --format \
  '{{range .Config.Env}}name{{"\t"}}{{index (split . "=") 0}}{{"\n"}}{{end}}read{{"\t"}}' "$@" 2>/dev/null
printf 'end\t\n'
"""


def look(files: Sequence[str], containers: Sequence[str]) -> tuple[str, ...]:
    """The command: of these `.env` files and these containers."""
    return ("env", f"AWK={_AWK}", "sh", "-c", _LOOK, "sh", "\n".join(files), *containers)


def read_look(text: str) -> tuple[str, ...]:
    """The names, each once. Raises ValueError when the answer was cut off, or nothing could be read."""
    lines = [line.partition("\t") for line in text.splitlines()]
    if not lines or lines[-1][0] != "end":
        raise ValueError("the names of the variables were not told to their end")
    if not any(kind == "read" for kind, _, _ in lines):
        raise ValueError("no .env file and no container could be read")
    names = (name for kind, _, name in lines if kind == "name" and _NAME.fullmatch(name))
    return tuple(dict.fromkeys(names))[:MOST_NAMES]
