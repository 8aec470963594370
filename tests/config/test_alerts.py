"""What has to be true of [alerts]."""

from __future__ import annotations

from datetime import UTC, time
from pathlib import Path

import pytest

from outlive.config.checks_alerts import hours, zone
from outlive.config.load import parse
from outlive.errors import ConfigError

KEY = "age1pxgr6hphv29h6j9sqmt7tu4qgdyzjj2m5aqj0vdmkm2n82fv0s4qafgl5w"
HEAD = f'[vault]\nurl = "vault"\n[keys]\nrecipients = ["{KEY}", "{KEY[:-1]}x"]\n'
PHONE = '[[alerts.channels]]\nname = "phone"\nurl = { env = "PHONE" }\n'


def problem(text: str) -> str:
    with pytest.raises(ConfigError) as error:
        parse(HEAD + text, Path("outlive.toml"))
    return str(error.value)


def test_without_a_word_nobody_is_told_and_all_else_has_a_default() -> None:
    alerts = parse(HEAD, Path("outlive.toml")).alerts
    assert alerts.channels == () and alerts.heartbeat is None and zone(alerts.timezone) is UTC


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[alerts]\nquiet_hours = "22-7"\n', "they are no hours"),
        ('[alerts]\nquiet_hours = "24:00-07:00"\n', "they are no hours"),
        ('[alerts]\ntimezone = "Mars/Olympus"\n', "no time zone"),
        ('[alerts]\ntimezone = "../../etc/passwd"\n', "no time zone"),
        ('[alerts]\nlink = "wiki"\n', "it is no URL"),
        (PHONE + PHONE, 'two called "phone"'),
        (PHONE.replace('"phone"', '"My phone"'), "is no name"),
        (PHONE + "step = 2\n", "nobody is told at once"),
        ('[[alerts.channels]]\nname = "phone"\nurl = "ntfy://secret"\n', "channels[0].url"),
        (PHONE + 'least = "urgent"\n', "least"),
        ("[alerts]\nrepeat_every_seconds = 1\n", "repeat_every_seconds"),
    ],
)
def test_mistakes_are_told(text: str, said: str) -> None:
    found = problem(text)
    assert said in found and "ntfy://secret" not in found


def test_hours_may_go_over_midnight() -> None:
    assert hours("22:00-07:30") == (time(22), time(7, 30)) and hours("9:00-10:00") is None
