"""How the answer of `outlive advise`'s look is read."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlive.commands.fragile_look import Fragile, look, read_look


def box(**changed: Any) -> str:
    one = {"id": "c1", "name": "/shop-app-1", "image": "shop:1", "memory": 0, "policy": "always", "restarts": 2}
    more = {"log": "json-file", "log_size": "", "ports": {}, "health": None, "mounts": [], "project": "shop"}
    return "container\t" + json.dumps(
        one | more | {"service": "app", "files": "/srv/compose.yml,/srv/more.yml"} | changed
    )


def answer(*lines: str) -> str:
    return "".join(f"{line}\n" for line in (*lines, "end\t"))


def test_a_service() -> None:
    ports = {
        "5432/tcp": [{"HostIp": "", "HostPort": "5432"}, {"HostIp": "127.0.0.1", "HostPort": "5433"}],
        "80/tcp": None,
    }
    mounts = [{"Type": "volume", "Name": "shop_db"}, {"Type": "bind", "Source": "/srv"}]
    told = [
        box(ports=ports, mounts=mounts, memory=1 << 27, log_size="10m"),
        "used\tc1\t100",
        "used\tc1\t20",
        "log\tc1\t77",
    ]
    (one,) = read_look(answer(*told)).services
    assert (one.name, one.compose_file, one.volumes) == ("shop/app", "/srv/compose.yml", ("shop_db",))
    assert (one.limit_bytes, one.used_bytes, one.log_bytes, one.log_is_bounded) == (1 << 27, 120, 77, True)
    assert one.published == (("", 5432, 5432), ("127.0.0.1", 5433, 5432))


@pytest.mark.parametrize(
    ("health", "has"),
    [(None, False), ({"Test": ["NONE"]}, False), ({"Test": []}, False), ({"Test": ["CMD", "x"]}, True)],
)
def test_a_health_check(health: Any, has: bool) -> None:
    (one,) = read_look(answer(box(health=health))).services
    assert one.has_health_check == has


def test_the_machine() -> None:
    rows = ["device\tFilesystem", "device\t/dev/vda1", "device\t/dev/vdb", "data_root\t/var/lib/docker"]
    sshd = ["sshd\tpermitrootlogin\twithout-password", "sshd\tpasswordauthentication\tno"]
    found = read_look(answer(*rows, *sshd, "key\topen", "key\tbound", "key\topen"))
    assert (found.data_root, found.data_on_root) == ("/var/lib/docker", False)
    assert (found.root_login, found.password_login) == ("without-password", "no")
    assert (found.open_keys, found.bound_keys) == (2, 1)
    assert read_look(answer()) == Fragile()


def test_no_secret_is_asked_for() -> None:
    assert "Env" not in look()[2] and "json .Config.Labels}" not in look()[2]


@given(
    st.text(),
    st.dictionaries(st.sampled_from(["ports", "mounts", "health", "memory", "x"]), st.text() | st.lists(st.none())),
)
def test_whatever_comes_it_is_read_or_refused(text: str, odd: dict[str, Any]) -> None:
    for said in (text, answer(*text.splitlines()), answer(box(**odd))):
        with contextlib.suppress(ValueError):
            read_look(said)
