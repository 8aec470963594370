"""Each piece of advice: what it wants to see, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from outlive.commands.capacity import Capacity
from outlive.commands.fragile_look import Fragile, Service
from outlive.survey.advise import Advice, advise
from outlive.survey.advise_copies import advise_copies
from tests.watch.made import settings

GB, MB = 10**9, 1 << 20
GOOD = Service(
    "shop/app", "shop:1", 256 * MB, 90 * MB, "unless-stopped", 0, True, "json-file", True, 5000, (("", 443, 443),), ("db",),
    "/srv/compose.yml",
)  # fmt: skip
SOUND = Fragile((GOOD,), "/mnt/docker", False, "without-password", "no", 0, 2)
TWO_GB = Capacity(memory_bytes=2 * GB)


def told(*services: Service, left: Capacity = TWO_GB, **host: Any) -> dict[str, Advice]:
    found = replace(SOUND, **{"services": services or (GOOD,), **host})
    return {one.rule: one for one in advise(found, left)}


def test_a_sound_stack_is_left_alone() -> None:
    assert told() == {}


def test_memory_is_measured_against_the_plan() -> None:
    hungry = [replace(GOOD, name=f"shop/{n}", used_bytes=450 * MB, limit_bytes=600 * MB) for n in range(7)]
    found = told(*hungry)
    assert found["plan-too-small"].evidence.startswith("2 GB of memory for these 7 containers: 3.3 GB seen")
    assert "limits of memory come to 4.4 GB" in found["limits-above-the-plan"].evidence
    assert told(*hungry, left=Capacity(memory_bytes=8 * GB)) == {}
    assert "plan-too-small" not in told(*hungry, left=Capacity()), "nobody told how much there is"


def test_a_missing_limit_comes_with_a_proposal_that_lets_a_database_live() -> None:
    found = told(replace(GOOD, limit_bytes=0))["no-memory-limit"]
    assert found.change.startswith("services.app: mem_limit: 192m") and found.file == "/srv/compose.yml"
    database = replace(GOOD, image="registry.example/postgres:17", limit_bytes=0, used_bytes=5 * MB)
    assert "mem_limit: 512m" in told(database)["no-memory-limit"].change


def test_a_log_without_rotation() -> None:
    found = told(replace(GOOD, log_is_bounded=False, log_bytes=3 * GB))["no-log-rotation"]
    assert "3 GB so far" in found.evidence and 'max-size: "10m"' in found.change
    assert told(replace(GOOD, log_is_bounded=False, log_driver="journald")) == {}


def test_a_missing_health_check_asks_what_the_image_can() -> None:
    bare = replace(GOOD, has_health_check=False)
    assert "http://127.0.0.1:443/" in told(bare)["no-health-check"].change
    assert "pg_isready" in told(replace(bare, image="postgres:17"))["no-health-check"].change
    assert "redis-cli" in told(replace(bare, image="redis:7"))["no-health-check"].change


def test_restart_policies() -> None:
    assert "restarted it 4 times" in told(replace(GOOD, restarts=4))["restart-hides-a-loop"].evidence
    assert told(replace(GOOD, restarts=4, policy="on-failure")) == {}
    assert "not-started-after-a-reboot" in told(replace(GOOD, policy="no"))


def test_a_database_that_is_open_to_the_world() -> None:
    for address in ("", "0.0.0.0", "::"):
        found = told(replace(GOOD, published=((address, 15432, 5432),)))["open-database"]
        assert "port 15432" in found.evidence and '"127.0.0.1:15432:5432"' in found.change
    assert told(replace(GOOD, published=(("127.0.0.1", 5432, 5432),))) == {}


def test_logins() -> None:
    assert "3 of 5 keys" in told(open_keys=3)["root-keys-from-anywhere"].evidence
    assert told(open_keys=3, root_login="no") == {}
    assert "root's too" in told(password_login="yes", root_login="yes")["password-login"].evidence


def test_data_on_the_root_disk() -> None:
    assert "volumes db lie on the root disk" in told(data_on_root=True)["data-on-the-root-disk"].evidence
    assert told(replace(GOOD, volumes=()), data_on_root=True) == {}


REMOTE = '[[hosts]]\nname = "web-1"\naddress = "ssh://root@192.0.2.16"\n'
ASSET = '[[assets]]\nname = "u"\nkind = "path"\nhost = "web-1"\npath = "/srv"\n'


def rules(text: str) -> set[str]:
    return {one.rule for one in advise_copies(settings(text))}


def test_copies() -> None:
    assert rules(REMOTE + ASSET) == {"one-account-can-delete-all"}
    assert rules(REMOTE) == {"one-account-can-delete-all", "nothing-guarded"}
    assert rules('[mirror]\nurl = "s3://b/p"\n' + REMOTE + ASSET) == set()
    local = '[[hosts]]\nname = "web-1"\naddress = "local"\n'
    assert "copies-on-the-same-machine" in rules(local + ASSET)
