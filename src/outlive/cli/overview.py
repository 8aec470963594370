"""All commands on one screen, in the order in which people need them; shown without loading any of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from typer.core import TyperGroup

OVERVIEW: Mapping[str, Mapping[str, str]] = {
    "Begin": {
        "demo": "See a database lost and brought back, here, in a minute.",
        "init": "Look at a host, show what would die with it, write outlive.toml.",
        "keep": "Guard, watch and tell by schedule, until stopped.",
    },
    "When something is wrong": {
        "status": "What would be lost if a host vanished now.",
        "check": "Is each host still the same machine, and does it serve?",
        "identity": "Who answers at each address; enrol a machine.",
        "recover": "Bring a host back on another machine; nothing is destroyed.",
        "restore": "Bring one asset back to a new place.",
        "incident": "What went wrong and when: the timeline, the report.",
        "ack": "Say that you see to it; messages stop.",
        "diagnose": "Judge recorded evidence offline.",
    },
    "Copies": {
        "backup": "Take copies now.",
        "copies": "List them, and how well each is proven.",
        "verify": "Read one again, byte by byte.",
        "drill": "Prove one: restore it into a throwaway place.",
        "prune": "Show what may go; with --yes, delete it.",
        "mirror": "Copy to the second vault what it lacks.",
        "selftest": "Does the verifier notice a spoilt copy?",
    },
    "The vault and its keys": {
        "vault": "Is the vault fit to rest copies in?",
        "keys": "Recipients, the printable kit, the key drill.",
        "adopt": "Rebuild everything from the vault and the kit alone.",
    },
    "Before the day comes": {
        "rehearse": "Bring a host back on a scratch machine, and measure it.",
        "advise": "What makes the stack fragile, and the exact change.",
        "plan-guard": "Refuse OpenTofu plans that would destroy data.",
        "scan": "Look for leaked secrets and intruders in log text.",
        "lab": "A small world to break and to practise in.",
        "temporal": "Temporal's schedules: compared, brought back.",
    },
    "People and other programs": {
        "alerts": "Ways in which people are told, and whether they work.",
        "page": "The page's password.",
        "token": "Keys for programs that ask the page's API.",
        "metrics": "Gauges in OpenMetrics.",
        "rules": "Alert rules and a dashboard for your own monitoring.",
    },
}
COMMANDS = tuple(name for lines in OVERVIEW.values() for name in lines)  # the files of this folder that add a command


class Overview(TyperGroup):
    """The help of `outlive` itself."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # of whichever click Typer uses
        width = max(map(len, COMMANDS))  # one column for all sections
        for title, lines in OVERVIEW.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), line) for name, line in lines.items()])
