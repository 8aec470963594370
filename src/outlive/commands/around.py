"""A shell script for the host that undoes what it did, whoever dies: our program, the connection, the network.

One script does it all: set up, work (its stdout is the stream), undo. Signals, a broken pipe and the end of its input
lead to the undoing. The keeper sends a byte every `BEAT_SECONDS`; when none came for `SILENCE_SECONDS`, or the input
ended, the work is ended and undone. An outer shell starts the script in the background and waits for it, so that
killing the process we started (SIGKILL, locally) kills only the outer one.

POSIX sh, as in dash, bash and busybox. Traps run only between foreground commands, therefore the work runs in the
background and is waited for. What programs print while the pipe may be broken goes into variables: `docker start`
would die of SIGPIPE after the first container.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from outlive.commands import docker

BEAT = b"."
BEAT_SECONDS = 10.0
SILENCE_SECONDS = 60

SET_UP_FAILED = 81
STOP_FAILED = 82
NOT_STARTED_AGAIN = 83
AFTER_FAILED = 84
CUT = 85

SUPERVISED = ("sh", "-c", 'exec 3<&0; sh -c "$1" outlive <&3 & wait $!')  # how every script of ours is run

_SCRIPT = """\
exec 3<&0 </dev/null
trap '' HUP PIPE
work=; watch=; stopped=; folder=
say() {{ printf '%s\\n' "outlive: $*" >&2; }}
run() {{ "$@" & work=$!; wait "$work"; ended=$?; work=; return $ended; }}
undo() {{
status=$?
trap '' TERM INT
trap - EXIT
[ -z "$watch" ] || kill "$watch" 2>/dev/null
[ -z "$work" ] || kill "$work" 2>/dev/null
{undo}
exit $status
}}
trap undo EXIT
trap 'exit {cut}' TERM INT
( while [ "$(timeout {silence} head -c 1 <&3)" = {beat} ]; do :; done; kill -TERM $$ ) >/dev/null 2>&1 &
watch=$!
{set_up}
{work}
exit $?
"""


def supervised(*, set_up: str = ":", work: str, undo: str = ":") -> tuple[str, ...]:
    """The command for a script of three pieces of shell.

    `work` uses `run PROGRAM ...` for what takes long. `undo` runs in the end whatever happened, with the exit status
    in $status, which it may change; `set_up` must `exit` with a status of its own when it fails.
    """
    script = _SCRIPT.format(
        set_up=set_up, work=work, undo=undo, cut=CUT, silence=SILENCE_SECONDS, beat=shlex.quote(BEAT.decode())
    )
    return (*SUPERVISED, "outlive", script)


def around(
    argv: Sequence[str], *, stop: Sequence[str] = (), before: str | None = None, after: str | None = None
) -> tuple[str, ...]:
    """`argv` with containers stopped and hooks run around it. Containers are started again in the reverse order.

    `after` runs even when `before` failed: it may have done half of its work. A hook must not leave a process behind
    that keeps its output open, for the script waits for the end of it.
    """
    set_up, undo = [], []
    if after:
        undo.append(_AFTER.format(line=shlex.quote(after), failed=AFTER_FAILED, worse=NOT_STARTED_AGAIN))
    if before:
        set_up.append(_BEFORE.format(line=shlex.quote(before), failed=SET_UP_FAILED))
    if stop:
        set_up.append(_STOP.format(stop=shlex.join(docker.stop(stop)), failed=STOP_FAILED))
        undo.insert(0, _START.format(start=shlex.join(docker.start(tuple(reversed(stop)))), failed=NOT_STARTED_AGAIN))
    if not set_up and not undo:
        return tuple(argv)
    return supervised(set_up="\n".join(set_up) or ":", work=f"run {shlex.join(argv)}", undo="\n".join(undo) or ":")


_BEFORE = 'said=$(sh -c {line} 2>&1) || {{ say "the hook before: $said"; exit {failed}; }}'
_AFTER = 'said=$(sh -c {line} 2>&1) || {{ say "the hook after: $said"; [ $status = {worse} ] || status={failed}; }}'
_STOP = 'stopped=1\nsaid=$({stop} 2>&1) || {{ say "docker stop: $said"; exit {failed}; }}'
_START = """\
if [ -n "$stopped" ]; then
tries=1
until said=$({start} 2>&1); do
[ $tries -lt 5 ] || {{ say "docker start: $said"; status={failed}; break; }}
tries=$((tries + 1)); sleep 2
done
fi"""
