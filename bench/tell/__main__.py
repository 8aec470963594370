"""From a break to a message, beside Prometheus, blackbox_exporter and Alertmanager: `make bench-tell`, or
`python -m bench.tell [--small] [--json]`. bench/README.md says how to read it."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from statistics import median

from bench.here import machine, say
from bench.report import markdown
from bench.tell.ours import Ours
from bench.tell.theirs import PROGRAMS, Theirs
from outlive.lab.ground.missing import TookTooLong
from outlive.lab.ground.process import wait_until
from tests.world import packages
from tests.world.need import Missing
from tests.world.receivers import Webhook
from tests.world.sshd import SshServer
from tests.world.web import Page, WebServer

EVERY_SECONDS, GROUP_SECONDS = 5, 10
PATIENCE_SECONDS = 90
UNSEEN_SECONDS = 120  # long enough for whoever sees it at all
Waits = dict[str, float | None]


class Contest:
    """One page, one host, two watchers; each with a webhook of its own."""

    def __init__(self, folder: Path, web: WebServer, ssh: SshServer, ours: Webhook, theirs: Webhook) -> None:
        self._ours, self._theirs = ours, theirs
        self._watchers = (
            Ours(folder, web.url(), f"json://{ours.address}/x", ssh, every=EVERY_SECONDS),
            Theirs(folder, web.url(), f"http://{theirs.address}/x", every=EVERY_SECONDS, group=GROUP_SECONDS),
        )
        wait_until(lambda: bool(ours.got), "the keeper's test of its channel", PATIENCE_SECONDS)
        time.sleep(4 * EVERY_SECONDS)  # until the host was judged to be well

    def close(self) -> None:
        for one in self._watchers:
            one.close()

    def wait(self, act: Callable[[], object], patience: float) -> Waits:
        """Seconds from the act to the first message of each; None for whoever says nothing."""
        heard = {"outlive": (self._ours, len(self._ours.got)), "Prometheus": (self._theirs, len(self._theirs.got))}
        waits: Waits = dict.fromkeys(heard)
        act()
        began = time.monotonic()

        def all_heard() -> bool:
            for name, (hook, before) in heard.items():
                if waits[name] is None and len(hook.got) > before:
                    waits[name] = time.monotonic() - began
            return all(one is not None for one in waits.values())

        with suppress(TookTooLong):
            wait_until(all_heard, "the messages", patience, every=0.05)
        return waits


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.tell", description=__doc__)
    parser.add_argument("--small", action="store_true", help="the first break, once: does everything work?")
    parser.add_argument("--json", action="store_true", help="numbers on stdout, the table goes to stderr")
    options = parser.parse_args()
    try:
        packages.install(PROGRAMS)
    except Missing as error:
        say(str(error))
        return 3
    found = hold(list(BREAKS)[:1], 1) if options.small else hold(BREAKS, 3)
    rows = [
        (name, *(_words([wait[who] for wait in waits]) for who in ("outlive", "Prometheus"))) for name, waits in found
    ]
    say("\n" + markdown([("seconds from the break to a message", "outlive", "Prometheus"), *rows]) + f"\n\n{machine()}")
    if options.json:
        print(json.dumps(dict(found), indent=1))
    return 0


BREAKS: dict[str, tuple[Callable[[WebServer, SshServer], object], float]] = {
    "the page answers 502": (lambda web, ssh: web.pages.update({"/": Page(502)}), PATIENCE_SECONDS),
    "the page hangs": (lambda web, ssh: web.pages.update({"/": Page(hang="headers")}), PATIENCE_SECONDS),
    "another SSH server in its place": (lambda web, ssh: _replace(ssh), UNSEEN_SECONDS),
}


def _replace(ssh: SshServer) -> None:
    """Connections end, and another host key answers; the page stays what it was."""
    ssh.disconnect_all()
    ssh.rekey()


def hold(names: Iterable[str], rounds: int) -> list[tuple[str, list[Waits]]]:
    """Everything is made anew for each break, so that nobody has heard of one before."""
    found = []
    for name in names:
        act, patience = BREAKS[name]
        say(f"{name} ...")
        found.append((name, [_once(act, patience) for _ in range(rounds)]))
    return found


def _once(act: Callable[[WebServer, SshServer], object], patience: float) -> Waits:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="outlive-bench-")))
        web = stack.enter_context(WebServer())
        ours, theirs = stack.enter_context(Webhook()), stack.enter_context(Webhook())
        ssh = SshServer().start()
        stack.callback(ssh.close)
        contest = Contest(folder, web, ssh, ours, theirs)
        stack.callback(contest.close)
        return contest.wait(lambda: act(web, ssh), patience)


def _words(waits: list[float | None]) -> str:
    known = [wait for wait in waits if wait is not None]
    if not known:
        return "never"
    missed = f", {len(waits) - len(known)} never" if len(known) < len(waits) else ""
    return f"{median(known):.1f} (at most {max(known):.1f}{missed})"


if __name__ == "__main__":
    sys.exit(main())
