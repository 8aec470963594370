"""Every break really changes what it says, as anybody can find out from outside; healing brings it back."""

from __future__ import annotations

import pytest

from outlive.lab.breaks import app, machines, network
from outlive.lab.breaks.base import Options
from outlive.lab.breaks.table import break_it, heal
from outlive.lab.errors import CannotBreak
from outlive.lab.ground.process import wait_until
from outlive.lab.record import PREVIEW, WEB
from outlive.lab.world import SERVER_IDS, Lab
from tests.lab import facts

pytestmark = [pytest.mark.docker, pytest.mark.slow]
IDENTITY = ("machine_id", "dmi_uuid", "root_fs_uuid", "instance_id", "docker_engine_id")


def at(lab: Lab, host: str = WEB) -> str:
    return lab.record.address({WEB: 11, PREVIEW: 12}[host])


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """Which facts of the machine's identity are others now."""
    assert set(IDENTITY) <= set(before) and set(IDENTITY) <= set(after), "not all could be asked"
    return {name for name in IDENTITY if before[name] != after[name]}


def same(before: dict[str, str], after: dict[str, str]) -> bool:
    """The same machine, with the same boot. (When that was, the kernel reckons from a clock that may be set.)"""
    return before | {"boot_time": ""} == after | {"boot_time": ""}


def position(lsn: str) -> int:
    high, low = lsn.split("/")
    return int(high, 16) << 32 | int(low, 16)


def test_as_it_comes_up(lab: Lab) -> None:
    web, preview = facts.inside(lab, at(lab)), facts.inside(lab, at(lab, PREVIEW))
    assert changed(web, preview) == set(IDENTITY) and web["boot_id"] != preview["boot_id"]
    assert all(web[name] and preview[name] for name in IDENTITY)
    assert (web["hostname"], preview["hostname"]) == (WEB, PREVIEW)
    assert web["volumes"] == "shop_db shop_edge_data shop_jobs_db shop_uploads"
    assert facts.host_key(lab, at(lab)) in (lab.folder / "known_hosts").read_text()
    for host in (WEB, PREVIEW):
        assert facts.page(lab, at(lab, host), "/readyz", host).body == "ready\n"
        assert "orders so far" in facts.page(lab, at(lab, host), "/", host).body
    assert facts.leaf(lab, at(lab)) != facts.leaf(lab, at(lab, PREVIEW), PREVIEW)
    assert "internal error" in facts.page(lab, at(lab), "/", PREVIEW).error.lower(), "no certificate for another's name"
    identifiers = {
        facts.sql(lab, at(lab, host), "select system_identifier from pg_control_system()", service, database)
        for host in (WEB, PREVIEW)
        for service, database in (("db", "shop"), ("jobs-db", "jobs"))
    }
    assert len(identifiers) == 4
    for server in lab.record.nameservers:
        assert facts.dns(server, "www.shop.example") == [at(lab)]
        assert facts.dns(server, "preview.shop.example") == [at(lab, PREVIEW)]
    rows = int(facts.sql(lab, at(lab), "select count(*) from runs", "jobs-db", "jobs"))
    wait_until(
        lambda: int(facts.sql(lab, at(lab), "select count(*) from runs", "jobs-db", "jobs")) > rows,
        "the scheduler to work",
    )


def test_the_app_hangs_but_says_that_it_is_ready(lab: Lab) -> None:
    break_it(lab, "hang-app")
    with pytest.raises(CannotBreak, match="done already"):
        break_it(lab, "hang-app")
    assert facts.page(lab, at(lab), "/readyz").status == 200
    assert facts.silent(lab, at(lab), "/")
    assert facts.inside(lab, at(lab))["hostname"] == WEB
    heal(lab, "hang-app")
    assert facts.page(lab, at(lab), "/").status == 200


def test_the_app_floods_its_log_with_one_error(lab: Lab) -> None:
    before = app.state_of_app(lab, WEB)
    break_it(lab, "stderr-flood")
    count = "docker logs --since 60s shop-app-1 2>&1 >/dev/null | grep -c 'pid: 50820'"
    wait_until(lambda: int(facts.ssh(lab, at(lab), count).stdout or 0) > 100, "the flood", seconds=60)
    assert facts.page(lab, at(lab), "/").status == 200, "it serves all the same"
    assert app.state_of_app(lab, WEB)["restarts"] == before["restarts"], "it is no crash loop"
    heal(lab, "stderr-flood")


@pytest.mark.parametrize(("what", "exit_code"), [("crash-loop", "1"), ("oom", "137")])
def test_the_app_is_started_again_and_again(lab: Lab, what: str, exit_code: str) -> None:
    break_it(lab, what)
    form = "{{.Action}} {{.Actor.Attributes.exitCode}}"
    events = f"docker events --since 10m --until 0s --filter container=shop-app-1 --format '{form}'"
    assert f"die {exit_code}\n" in facts.ssh(lab, at(lab), events).stdout
    if what == "oom":  # containerd sends it beside the death, and not of every life
        wait_until(lambda: "oom" in facts.ssh(lab, at(lab), events).stdout.split(), "the engine tells why", 120, 1)
    restarts = facts.ssh(lab, at(lab), "docker inspect -f '{{.RestartCount}}' shop-app-1").stdout
    assert int(restarts) >= 1
    heal(lab, what)
    assert facts.page(lab, at(lab), "/").status == 200


def test_the_edge_is_gone(lab: Lab) -> None:
    break_it(lab, "kill-edge")
    assert "ConnectionRefused" in facts.page(lab, at(lab)).error
    assert facts.ssh(lab, at(lab), "docker exec shop-app-1 bash /programs/ready").returncode == 0
    heal(lab, "kill-edge")
    assert facts.page(lab, at(lab)).status == 200


def test_a_reboot_changes_the_boot_alone(lab: Lab) -> None:
    before, key, leaf = facts.inside(lab, at(lab)), facts.host_key(lab, at(lab)), facts.leaf(lab, at(lab))
    break_it(lab, "reboot")
    after = facts.inside(lab, at(lab))
    assert changed(before, after) == set() and before["boot_id"] != after["boot_id"]
    assert int(after["boot_time"]) > int(before["boot_time"])
    assert (facts.host_key(lab, at(lab)), facts.leaf(lab, at(lab))) == (key, leaf)
    assert lab.record.broken == []


def test_new_host_keys_and_nothing_else(lab: Lab) -> None:
    before, key = facts.inside(lab, at(lab)), facts.host_key(lab, at(lab))
    break_it(lab, "rekey")
    assert facts.host_key(lab, at(lab)) not in ("", key)
    assert same(before, facts.inside(lab, at(lab)))
    heal(lab, "rekey")
    assert facts.host_key(lab, at(lab)) == key


def test_another_machine_takes_its_place_in_silence(lab: Lab) -> None:
    before, key, leaf = facts.inside(lab, at(lab)), facts.host_key(lab, at(lab)), facts.leaf(lab, at(lab))
    documents = facts.provider(lab, "projects/100200/servers")
    break_it(lab, "replace")
    after = facts.inside(lab, at(lab))
    assert changed(before, after) == set(IDENTITY) and after["hostname"] == WEB
    assert after["volumes"] == "" and facts.host_key(lab, at(lab)) not in ("", key)
    assert "ConnectionRefused" in facts.page(lab, at(lab)).error
    assert facts.provider(lab, "projects/100200/servers") == documents, "the provider says nothing of it"
    heal(lab, "replace")
    assert same(before, facts.inside(lab, at(lab)))
    assert (facts.host_key(lab, at(lab)), facts.leaf(lab, at(lab))) == (key, leaf)


def test_another_machine_at_another_address_asks_for_a_password(lab: Lab) -> None:
    key = facts.host_key(lab, at(lab))
    break_it(lab, "replace", options=Options(other_address=True, no_login=True))
    new = lab.record.address(machines.NEW_ADDRESS)
    assert not facts.answers(at(lab)), "the old address is silent"
    assert facts.host_key(lab, new) not in ("", key)
    assert "Permission denied (publickey,password)" in facts.ssh(lab, new, "true").stderr
    server = facts.provider(lab, f"servers/{SERVER_IDS[WEB]}")[1]
    assert server["ip_addresses"][0]["address"] == new
    assert facts.dns(next(iter(lab.record.nameservers)), "www.shop.example") == [at(lab)], "DNS was told nothing"
    heal(lab)
    assert facts.host_key(lab, at(lab)) == key and not facts.answers(new)


def test_a_reinstall_leaves_the_hardware(lab: Lab) -> None:
    before, key = facts.inside(lab, at(lab, PREVIEW)), facts.host_key(lab, at(lab, PREVIEW))
    break_it(lab, "reinstall", PREVIEW)
    after = facts.inside(lab, at(lab, PREVIEW))
    assert changed(before, after) == set(IDENTITY) - {"dmi_uuid"}
    assert after["volumes"] == "" and facts.host_key(lab, at(lab, PREVIEW)) not in ("", key)
    heal(lab)
    assert same(before, facts.inside(lab, at(lab, PREVIEW)))


def test_a_snapshot_takes_the_data_back(lab: Lab) -> None:
    before, key = facts.inside(lab, at(lab)), facts.host_key(lab, at(lab))
    where = "select system_identifier || ' ' || pg_current_wal_lsn() from pg_control_system()"
    later = "select count(*) from orders where customer = 'later'"
    facts.sql(lab, at(lab), "insert into orders (customer, cents) values ('later', 1); select pg_switch_wal()")
    identifier, lsn = facts.sql(lab, at(lab), where).split()
    facts.ssh(lab, at(lab), "touch /root/later && sync")
    break_it(lab, "rollback")
    after = facts.inside(lab, at(lab))
    assert changed(before, after) == set() and before["boot_id"] != after["boot_id"]
    assert facts.host_key(lab, at(lab)) == key
    assert facts.ssh(lab, at(lab), "ls /root/later").returncode != 0
    then_identifier, then_lsn = facts.sql(lab, at(lab), where).split()
    assert then_identifier == identifier and position(then_lsn) < position(lsn)
    assert facts.sql(lab, at(lab), later) == "0"
    heal(lab)
    assert facts.ssh(lab, at(lab), "ls /root/later").returncode == 0 and facts.sql(lab, at(lab), later) == "1"


def test_a_clone_has_the_same_identity_on_other_hardware(lab: Lab) -> None:
    break_it(lab, "clone")
    other = lab.record.address(machines.CLONE_ADDRESS)
    one, two = facts.inside(lab, at(lab)), facts.inside(lab, other)
    assert changed(one, two) == {"dmi_uuid"} and one["boot_id"] != two["boot_id"]
    assert facts.host_key(lab, at(lab)) == facts.host_key(lab, other) != ""
    assert facts.leaf(lab, at(lab)) == facts.leaf(lab, other)
    names = [server["hostname"] for server in facts.provider(lab, "projects/100200/servers")[1]]
    assert names == [WEB, PREVIEW, WEB]
    heal(lab)
    assert not facts.answers(other) and len(facts.provider(lab, "projects/100200/servers")[1]) == 2


def test_two_addresses_are_exchanged(lab: Lab) -> None:
    keys = facts.host_key(lab, at(lab)), facts.host_key(lab, at(lab, PREVIEW))
    break_it(lab, "swap-addresses")
    assert (facts.host_key(lab, at(lab, PREVIEW)), facts.host_key(lab, at(lab))) == keys
    assert facts.inside(lab, at(lab))["hostname"] == PREVIEW
    assert facts.page(lab, at(lab, PREVIEW), "/", WEB).status == 200
    assert facts.dns(next(iter(lab.record.nameservers)), "www.shop.example") == [at(lab)]
    heal(lab)
    assert (facts.host_key(lab, at(lab)), facts.host_key(lab, at(lab, PREVIEW))) == keys


def test_the_provider_switches_it_off(lab: Lab) -> None:
    break_it(lab, "suspend")
    assert not facts.answers(at(lab)) and facts.page(lab, at(lab), patience_seconds=3).status == 0
    server = facts.provider(lab, f"servers/{SERVER_IDS[WEB]}?fields=state,power")[1]
    assert (server["state"], server["power"]) == ("inactive", "off")
    team = facts.provider(lab, "teams")[1][0]
    assert team["credit"]["resources"]["remaining"] == {"time": 0, "unit": "Hourly"}
    heal(lab)
    assert facts.page(lab, at(lab)).status == 200


def test_a_volume_is_another_one(lab: Lab) -> None:
    before, key = facts.inside(lab, at(lab)), facts.host_key(lab, at(lab))
    cluster = "select system_identifier from pg_control_system()"
    shop, jobs = facts.sql(lab, at(lab), cluster), facts.sql(lab, at(lab), cluster, "jobs-db", "jobs")
    break_it(lab, "wipe-volume")
    assert facts.sql(lab, at(lab), cluster) not in ("", shop)
    assert facts.sql(lab, at(lab), cluster, "jobs-db", "jobs") == jobs
    assert same(before, facts.inside(lab, at(lab))) and facts.host_key(lab, at(lab)) == key
    heal(lab)
    assert facts.sql(lab, at(lab), cluster) == shop


def test_names_lead_to_a_stranger(lab: Lab) -> None:
    key = facts.host_key(lab, at(lab))
    break_it(lab, "dns-elsewhere")
    stranger = lab.record.address(network.STRANGER_ADDRESS)
    for server in lab.record.nameservers:
        assert facts.dns(server, "www.shop.example") == [stranger]
        assert facts.dns(server, "preview.shop.example") == [at(lab, PREVIEW)]
    assert facts.host_key(lab, stranger) not in ("", key) and facts.host_key(lab, at(lab)) == key
    assert facts.page(lab, at(lab)).status == 200, "ours goes on serving"
    addresses = [ip["address"] for ip in facts.provider(lab, "projects/100200/ips")[1]]
    assert stranger not in addresses and at(lab) in addresses
    heal(lab)
    assert facts.dns(next(iter(lab.record.nameservers)), "www.shop.example") == [at(lab)]


def test_the_keeper_is_cut_off(lab: Lab) -> None:
    break_it(lab, "partition-keeper")
    for host in (WEB, PREVIEW):
        assert facts.silent(lab, at(lab, host), "/", host)
    with pytest.raises(TimeoutError):
        facts.dns(next(iter(lab.record.nameservers)), "www.shop.example")
    with pytest.raises(OSError, match="timed out"):
        facts.provider(lab, "teams")
    heal(lab)
    assert facts.page(lab, at(lab)).status == 200 and facts.provider(lab, "teams")[0] == 200


def test_what_makes_no_sense_is_refused(lab: Lab) -> None:
    for what, host, options in (
        ("explode", None, Options()),
        ("clone", PREVIEW, Options()),
        ("rekey", None, Options(no_login=True)),
        ("reinstall", None, Options(other_address=True)),
    ):
        with pytest.raises(CannotBreak):
            break_it(lab, what, host, options)
    with pytest.raises(CannotBreak, match="Nothing is broken"):
        heal(lab)
    break_it(lab, "stderr-flood")
    break_it(lab, "hang-app", PREVIEW)
    with pytest.raises(CannotBreak, match="hang-app was broken after it"):
        heal(lab, "stderr-flood")
    assert [(heal(lab).what, heal(lab).what), lab.record.broken] == [("hang-app", "stderr-flood"), []]
