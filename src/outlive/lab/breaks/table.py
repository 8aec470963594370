"""Every break by its name, and the rules for doing and undoing them."""

from __future__ import annotations

from outlive.lab.breaks import app, data, machines, network, plans, provider
from outlive.lab.breaks.base import Break, Options
from outlive.lab.errors import CannotBreak
from outlive.lab.record import PREVIEW, WEB, Broken
from outlive.lab.world import Lab

ANY = (WEB, PREVIEW)
WEB_ONLY = (WEB,)

BREAKS = {
    "hang-app": Break("says ready, and never answers a user", app.hang, app.get_well, ANY),
    "crash-loop": Break("the app ends at once, whenever it is started", app.crash, app.get_well, ANY),
    "oom": Break("the app eats memory until it is killed, again and again", app.leak, app.get_well, ANY),
    "stderr-flood": Break("the app fills its log with one and the same error", app.flood, app.get_well, ANY),
    "oom-child": Break(
        "a child of the app is killed for its memory, the app lives on", app.lose_child, app.get_well, ANY
    ),
    "print-secret": Break("the app writes the database's password into its log", app.blab, app.get_well, ANY),
    "print-environment": Break(
        "the app writes its whole environment into its log", app.print_environment, app.get_well, ANY
    ),
    "kill-edge": Break("the reverse proxy is stopped", app.kill_edge, app.start_edge, ANY),
    "reboot": Break("the same machine, started anew", machines.reboot, None, ANY),
    "replace": Break(
        "another machine takes its place, empty",
        machines.replace,
        machines.undo_exchange,
        ANY,
        ("other_address", "no_login"),
    ),
    "reinstall": Break(
        "the same hardware, its disk written anew", machines.reinstall, machines.undo_exchange, ANY, ("no_login",)
    ),
    "rekey": Break("new SSH host keys, and nothing else", machines.rekey, machines.undo_rekey, ANY),
    "swap-addresses": Break(
        "web-1 and preview exchange addresses", machines.swap_addresses, machines.undo_swap, WEB_ONLY
    ),
    "rollback": Break("its disk goes back to a snapshot", machines.rollback, machines.undo_exchange, WEB_ONLY),
    "clone": Break("a second machine lives with its identity", machines.clone, machines.undo_clone, WEB_ONLY),
    "suspend": Break("the provider switches it off", machines.suspend, machines.undo_suspend, ANY),
    "wipe-volume": Break("the shop's database is a new, empty one", data.wipe_volume, data.undo_wipe, ANY),
    "dns-elsewhere": Break("its names lead to a stranger's machine", network.dns_elsewhere, network.undo_dns, ANY),
    "partition-keeper": Break(
        "this machine no longer reaches the lab's network", network.partition_keeper, network.undo_partition, WEB_ONLY
    ),
    **{
        what: Break(does, provider.misbehave, provider.behave, WEB_ONLY)
        for what, (does, _) in provider.MISBEHAVIOURS.items()
    },
    "provider-stale": Break(
        "the provider's API goes on saying what it says now", provider.go_stale, provider.undo_stale, WEB_ONLY
    ),
    "credit-low": Break("the credit lasts one more day", provider.spend_credit, provider.undo_credit, WEB_ONLY),
    "orphan": Break(
        "the provider lists a server that is nobody's", provider.add_orphan, provider.undo_orphan, WEB_ONLY
    ),
    "wrong-workspace": Break(
        "preview's values are planned in production's workspace",
        plans.wrong_workspace,
        plans.undo_wrong_workspace,
        WEB_ONLY,
    ),
    "twin": Break("the provider lists a second server of the same name", provider.add_twin, provider.undo_twin, ANY),
}


def break_it(lab: Lab, what: str, host: str | None = None, options: Options | None = None) -> str:
    """Does it to that host, or to the one it is meant for. The host's name. Raises CannotBreak when it makes no sense."""
    options = options or Options()
    one = _find(what)
    broken = Broken(what, host or one.hosts[0])
    _insist(lab, one, broken, options)
    if one.undo:
        lab.record.broken.append(broken)
        lab.save()  # before it is done: a lab that was cut off here is not taken for a whole one
    one.act(lab, broken, options)
    lab.save()
    return broken.host


def heal(lab: Lab, what: str | None = None) -> Broken:
    """Undoes what was broken last, which must be `what` when that is given; what it was. Raises CannotBreak else."""
    if what is not None:
        _find(what)
    if not lab.record.broken:
        raise CannotBreak("Nothing is broken, so that there is nothing to heal.")
    last = lab.record.broken[-1]
    if what not in (None, *(one.what for one in lab.record.broken)):
        raise CannotBreak(f"{what} was not done, so that there is nothing to heal.")
    if what not in (None, last.what):
        raise CannotBreak(
            f"{last.what} was broken after it.",
            hint=f"First: `outlive lab break {last.what} --heal`. The last goes first.",
        )
    undo = BREAKS[last.what].undo
    assert undo is not None, "only what can be undone is written down"
    undo(lab, last)
    lab.record.broken.remove(last)
    lab.save()
    return last


def _find(what: str) -> Break:
    if what not in BREAKS:
        raise CannotBreak(f"{what!r} is none of {', '.join(BREAKS)}.", hint="`outlive lab break` lists them.")
    return BREAKS[what]


def _insist(lab: Lab, one: Break, broken: Broken, options: Options) -> None:
    if broken.host not in one.hosts:
        raise CannotBreak(f"{broken.what} can be done to {' or '.join(one.hosts)}.", hint="Name one with --host.")
    for name in ("other_address", "no_login"):
        if getattr(options, name) and name not in one.takes:
            raise CannotBreak(f"{broken.what} knows no --{name.replace('_', '-')}.", hint="Leave it out.")
    if any(before.what == broken.what for before in lab.record.broken):
        raise CannotBreak(
            f"{broken.what} is done already.", hint=f"`outlive lab break {broken.what} --heal` undoes it."
        )
