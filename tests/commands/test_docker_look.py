"""How the answer of one look at a host's containers is read."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlive.commands.docker_deaths import deaths
from outlive.commands.docker_look import Event, Seat, look, missing_program, read_look

SECOND = 1_000_000_000
APP = Seat("app", "shop")


def state(**changed: Any) -> dict[str, Any]:
    one = {"Status": "running", "Running": True, "Restarting": False, "OOMKilled": False, "ExitCode": 0}
    return one | {"StartedAt": "2026-03-14T11:00:00.5Z"} | changed


def box(service: str = "app", number: str = "1", **changed: Any) -> dict[str, Any]:
    one = {"id": f"{service}{number}" * 12, "name": f"/shop-{service}-{number}", "state": state(), "restarts": 0}
    labels = {"project": "shop", "service": service, "oneoff": "False", "number": number}
    return one | labels | {"policy": "always", "log": "json-file", "log_path": "/var/lib/docker/x.log"} | changed


def answer(*boxes: dict[str, Any], events: list[dict[str, Any]] | None = None, more: str = "") -> str:
    told = [f"event\t{json.dumps(one)}" for one in events or []]
    told += [f"container\t{json.dumps(one)}" for one in boxes]
    return "\n".join(["now\t1000", *told, *more.splitlines(), "end\t", ""])


def test_what_is_asked_names_where_the_last_look_ended_and_never_the_environment() -> None:
    assert look(None)[-2:] == ("-", "full") and look(77, brief=True)[-2:] == ("77", "brief")
    assert "Env" not in look(None)[2] and "json .Config.Labels}" not in look(None)[2]


def test_where_compose_read_its_variables() -> None:
    def files(**labels: str) -> tuple[str, ...]:
        (one,) = read_look(answer(box(**labels))).containers or ()
        return one.env_files

    assert files() == () and files(folder="relative") == ()
    assert files(folder="/srv/shop") == ("/srv/shop/.env",)
    assert files(folder="/srv/shop", env_file="/srv/a.env,/srv/b.env") == ("/srv/a.env", "/srv/b.env")


def test_nothing_new() -> None:
    assert read_look("now\t1000\nsame\t\nend\t\n").containers is None
    assert read_look(answer()).containers == (), "no container at all is something else"


def test_states() -> None:
    found = read_look(answer(box(), box("web", state=state(Running=False, Status="exited", ExitCode=137))))
    app, web = found.containers or ()
    assert (app.seat, app.running, app.exit_code, app.health) == (APP, True, None, "none")
    assert (web.seat.service, web.running, web.exit_code, found.now) == ("web", False, 137, 1000)


def test_one_that_waits_to_be_started_again_does_not_run() -> None:
    (app,) = read_look(answer(box(state=state(Restarting=True, Status="restarting", ExitCode=1)))).containers or ()
    assert (app.running, app.exit_code) == (False, 1)


def test_one_that_was_never_started_has_not_ended() -> None:
    (app,) = read_look(answer(box(state=state(Running=False, Status="created")))).containers or ()
    assert app.exit_code is None


def test_several_of_one_service_have_numbers_and_single_runs_are_left_out() -> None:
    found = read_look(answer(box(number="2"), box(), box(number="3", oneoff="True")))
    assert [one.seat.service for one in found.containers or ()] == ["app", "app-2"]


def test_without_compose_the_name_counts() -> None:
    (one,) = read_look(answer(box() | {"project": "", "service": "", "name": "/cache"})).containers or ()
    assert one.seat == Seat("cache")


def test_children_killed_for_memory() -> None:
    (app,) = read_look(answer(box(), more=f"oom\t{'app1' * 12}\t3")).containers or ()
    assert app.child_oom_kills == 3


@pytest.mark.parametrize(
    ("said", "program"),
    [
        ('OCI runtime exec failed: exec failed: unable to start container process: exec: "curl": executable file not '
         "found in $PATH: unknown", "curl"),
        ('exec: "/usr/bin/wget": stat /usr/bin/wget: no such file or directory', "/usr/bin/wget"),
        ("/bin/sh: 1: curl: not found", "curl"),
        ("/bin/sh: curl: not found\n", "curl"),
        ("bash: line 1: nc: command not found", "nc"),
        ("curl: (7) Failed to connect to localhost port 3000: Connection refused", ""),
        ("HTTP 404: page not found", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_a_health_check_whose_program_is_missing(said: str, program: str) -> None:
    assert missing_program(said) == program
    health = {"Status": "unhealthy", "FailingStreak": 4, "Log": [{"ExitCode": 1, "Output": said}]}
    (app,) = read_look(answer(box(state=state(Health=health)))).containers or ()
    assert (app.health, app.failing_streak, app.missing_program) == ("unhealthy", 4, program)


def event(action: str, at: float, **more: Any) -> Event:
    return Event(action, more.pop("id", "c1"), int(at * SECOND), APP, **more)


def test_a_death_by_itself_and_one_by_command() -> None:
    told = [
        event("start", 100),
        event("die", 103, exit_code=1),
        event("start", 104),
        event("kill", 110, signal="15"),
        event("die", 112, exit_code=0, lived_seconds=8),
    ]
    own, ordered = deaths([*told, told[1]])
    assert (own.by_command, own.exit_code, own.lived_seconds) == (False, 1, 3)
    assert (ordered.by_command, ordered.lived_seconds) == (True, 8)


def test_a_signal_to_reload_is_no_order_to_end_nor_is_an_order_to_another() -> None:
    (death,) = deaths([event("kill", 100, signal="1"), event("kill", 101, signal="9", id="c2"), event("die", 102)])
    assert not death.by_command


def test_an_order_in_an_earlier_life_is_not_held_against_the_next() -> None:
    first, second = deaths(
        [event("kill", 100, signal="15"), event("die", 101), event("start", 102), event("die", 104, exit_code=1)]
    )
    assert (first.by_command, second.by_command) == (True, False)


def test_killed_for_memory() -> None:
    (death,) = deaths([event("oom", 100), event("die", 100.2, exit_code=137)])
    assert death.oom


@pytest.mark.parametrize("text", ["", "now\t1\n", "sh: docker: not found", "now\tx\nend\t", 'now\t1\ncontainer\t{"id'])
def test_no_answer_is_no_data(text: str) -> None:
    with pytest.raises(ValueError):
        read_look(text)


@given(st.text(), st.dictionaries(st.text(), st.integers() | st.text() | st.none()))
def test_whatever_comes_it_is_read_or_refused(text: str, odd: dict[str, Any]) -> None:
    for said in (text, f"now\t1\n{text}\nend\t", answer(odd, events=[odd]), answer(box(state=odd))):
        with contextlib.suppress(ValueError):
            read_look(said)
