"""What people assert, and what channels say against each other: judged, never believed."""

from __future__ import annotations

import pytest

from outlive.model.observation import Channel, Observation
from tests.verdict.scenes import AWAY, HOME, THIRD, Seen, enrolled, judged, look, page, saw, server, silence

PINS = enrolled(provider__server={"id": "1"})


def claim(text: str = "it was replaced", verdict: str | None = "machine_replaced", **more: str) -> Observation:
    value = {"text": text} | ({"verdict": verdict} if verdict else {}) | more
    return saw("claim", value, "web-1", witness="somebody")


def whys(*seen: Seen, of: str = "") -> list[str]:
    """Why each contradiction is one; of a certain claim only."""
    return [one.why for one in judged(*seen).contradictions if of in one.claim]


def has(part: str, *seen: Seen) -> bool:
    return any(part in why for why in whys(*seen))


def test_the_old_machine_was_seen_after_the_alleged_loss() -> None:
    lost = claim(since="2026-03-14T11:00:00Z")
    key = saw("ssh.host_key", "SHA256:web-1")
    assert has(f"{HOME} still answered with the ssh.host_key that was pinned", PINS, key, lost)
    assert has(f"{HOME} still served a valid certificate", PINS, page(502), lost)
    assert not has("still", PINS, page(502, ago=7200), lost)  # before the loss it proves nothing


def test_without_a_time_the_loss_is_where_the_trouble_began() -> None:
    assert has("still served", PINS, page(502, ago=600), claim())
    assert not has("still served", PINS, page(200, ago=1800), silence(ago=600), claim())


def test_a_new_machines_certificate_is_no_sign_of_the_old_ones_life() -> None:
    before, after = look(ago=3600), [*look("other", page=None), page(200)]
    assert not has("still served", PINS, before, after, claim(since="2026-03-14T11:30:00Z"))


def test_logs_that_still_came_in() -> None:
    log = saw("log.seen", {"service": "db", "stream": "stdout"}, "web-1", 300, channel=Channel.TELEMETRY)
    assert has("the logs of web-1 still came in", PINS, log, claim(since="2026-03-14T11:50:00Z"))


def test_a_machine_that_was_up_before_is_no_replacement() -> None:
    other = [saw("guest.boot_time", "2026-03-13T14:00:00Z", AWAY), server(addresses=[AWAY])]
    assert has("had been up for 22 h", PINS, page(502, ago=900), other, claim())
    young = [saw("guest.boot_time", "2026-03-14T11:50:00Z", AWAY), server(addresses=[AWAY])]
    assert not has("had been up", PINS, page(502, ago=900), young, claim())


def test_a_rejected_key() -> None:
    elsewhere = [saw("ssh.login", "rejected", AWAY), server(addresses=[AWAY])]
    assert has(f"proves nothing: nobody showed that {AWAY} is web-1, and {HOME}", PINS, elsewhere, claim())
    assert has("not in authorized_keys there", PINS, saw("ssh.login", "rejected"), claim())
    assert not has(
        "rejected", PINS, look(), saw("ssh.login", "rejected"), claim()
    )  # its own key says which machine it is


def plan(code: int = 0, **more: object) -> Observation:
    return saw("tofu.plan", {"refresh_only": False, "exit_code": code, "resource_drift": [], **more}, "web-1")


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ([plan(), claim()], True),
        ([plan(), look("other")], True),  # the plan did not see that
        ([plan(), look()], False),  # nobody draws anything from it
        ([plan(2), claim()], False),
        ([plan(0, resource_drift=["ip_addresses"]), claim()], False),
    ],
)
def test_no_changes_proves_nothing(seen: list[Seen], told: bool) -> None:
    assert has("that proves nothing: a plan compares documents", PINS, *seen) is told


def test_a_plan_that_failed_is_no_data() -> None:
    assert has("the plan failed: it is no data", PINS, plan(1), claim())


def killed(pid: int, count: int = 1, ago: float = 0) -> Observation:
    value = {"service": "app", "signature": "killed", "count": count, "detail": {"pid": pid}}
    return saw("log.signature", value, "web-1", ago)


def test_one_process_named_again_and_again_is_no_crash_loop() -> None:
    loop = claim("the app is in a crash loop", "same_machine_app_down")
    assert has("process 50820 is named in all 36 lines", PINS, look(page=502), killed(50820, 36), loop)
    assert has("process 50820 is named in all 2 lines", PINS, look(page=502), killed(50820, ago=60), killed(50820))
    assert not has("not a crash loop", PINS, look(page=502), killed(50820), killed(50901), loop)
    starts = [{"service": "app", "id": "c", "started_at": f"2026-03-14T11:5{n}:00Z"} for n in range(5, 10)]
    real = [saw("container", start, "web-1", 60.0 * (4 - n)) for n, start in enumerate(starts)]
    assert not has("not a crash loop", PINS, look(page=502), killed(50820, 36), real)


NOBODY = ["No operator action", "there was no manual change", "nobody did anything", "No CI deploy was triggered"]


@pytest.mark.parametrize("text", NOBODY)
def test_somebody_did_something(text: str) -> None:
    done = saw("action", {"what": "ssh key created", "detail": {}}, "web-1", 3600)
    told = "somebody did something: ssh key created at 2026-03-14 11:00Z"
    assert whys(PINS, look(), done, claim(text, None), of=text) == [told]
    assert whys(PINS, look(), claim(text, None), of=text) == []


def test_a_claim_is_measured_by_the_verdict() -> None:
    assert has("comes to same_machine_ok (confirmed), not to machine_replaced", PINS, look(), claim())
    assert has("nothing that was seen shows machine_replaced", PINS, silence(), claim())
    assert whys(PINS, look("other"), claim(), of="it was replaced") == []


@pytest.mark.parametrize("subject", ["web-1", HOME, f"https://{HOME}/", "somewhere"])
def test_whose_claim_it_is(subject: str) -> None:
    one = saw("claim", {"text": "gone", "verdict": "machine_replaced"}, subject)
    found = judged(PINS, enrolled("web-2", THIRD), look(), one).contradictions
    assert bool(found) is (subject != "somewhere")


def test_channels_that_disagree() -> None:
    assert has("the provider's document is wrong or old", PINS, look(), server(state="inactive", power="off"))
    assert has("whatever number the provider gives it", PINS, look(), server("2"))
    assert has(f"web-1 answers at {HOME}, by its own key", PINS, look(), server(addresses=[AWAY]))
    secret = saw("ci.secret", {"name": "VM_HOST", "address": AWAY}, "web-1")
    assert has(f"web-1 answers at {HOME}, by its own key", PINS, look(), secret)
    state = saw("tofu.state", {"server_id": "1", "addresses": [HOME]}, "web-1")
    assert has("the documents disagree", PINS, server(addresses=[AWAY]), state)
    other = (enrolled("web-2", AWAY), look("web-2", AWAY, "web-2", page=None))
    names = (saw("dns.addresses", [HOME], "web-1.example.org", 900), saw("dns.addresses", [AWAY], "web-1.example.org"))
    assert has(f"{AWAY} answers as web-2", PINS, look(), *other, names)


def test_where_all_agree_nothing_is_contradicted() -> None:
    seen = (PINS, look(), server(), saw("tofu.state", {"server_id": "1", "addresses": [HOME]}, "web-1"), plan())
    assert judged(*seen, saw("dns.addresses", [HOME], "web-1.example.org")).contradictions == ()


def test_a_claim_of_loss_forbids_the_destruction_of_a_machine_that_is_there() -> None:
    assert judged(PINS, look()).hosts[0].forbidden == ()
    told = judged(PINS, look(), claim()).hosts[0].forbidden
    assert told[0].startswith(
        f"do not destroy, taint or reinstall web-1 (server 1): the machine at {HOME} still answers as web-1"
    )


def test_a_page_that_was_asked_by_name_counts_for_the_only_hosts_address() -> None:
    assert has(f"{HOME} still served a valid certificate", PINS, page(502, None), claim())
