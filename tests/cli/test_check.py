"""`outlive check` and `outlive identity`, as a person and as a CI job call them. A real sshd and a real page."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from outlive.lab.provider.faults import Fault
from outlive.model.observation import Observation
from tests.cli.home import Done, Home
from tests.cli.shapes import SHAPES, differences
from tests.world.cloud import TOKEN as CLOUD_TOKEN
from tests.world.cloud import Cloud
from tests.world.loki import QUERY, TENANT, TOKEN, USER, Loki
from tests.world.names import NameServer
from tests.world.need import need
from tests.world.sshd import SshServer, client_config, make_key
from tests.world.web import Authority, Page, WebServer

pytestmark = pytest.mark.slow
Call = Callable[..., Done]
OBS = {"witness", "channel", "subject", "fact", "value", "at"}


@pytest.fixture
def ssh() -> Iterator[SshServer]:
    """One's own, to be rekeyed."""
    server = need("sshd", SshServer().start)
    yield server
    server.close()


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


@pytest.fixture
def stack(home: Home, ssh: SshServer, web: WebServer) -> Home:
    """`web-1`, whose key is pinned, with a page; and nothing else."""
    (home.folder / "known_hosts").write_text(ssh.known_hosts.read_text())
    page = f'[[hosts.checks]]\nurl = "{web.url()}"\ntimeout_seconds = 4\n'
    host = (
        f'[[hosts]]\nname = "web-1"\naddress = "ssh://web-1"\nssh_config = "{ssh.config}"\ncontainers = false\n{page}'
    )
    home.write("", more="[watch]\ntimeout_seconds = 5\ncanaries = []\n")
    text = home.config.read_text()
    home.config.write_text(text.replace('[[hosts]]\nname = "here"\naddress = "local"\ncontainers = false\n', host))
    return home


def test_a_host_that_is_well_and_the_document_of_the_contract(
    stack: Home, outlive: Call, ssh: SshServer, web: WebServer
) -> None:
    assert outlive("identity", "--enrol").code == 0
    done = outlive("check", "--json")
    assert done.code == 0
    assert set(done.document) >= {"hosts", "addresses"}
    (host,) = done.document["hosts"]
    assert set(host) >= {"host", "verdict", "confirmed", "for", "against", "missing", "advice", "forbidden"}
    assert (host["host"], host["verdict"], host["confirmed"]) == ("web-1", "same_machine_ok", True)
    for one in host["for"]:
        assert set(one) >= OBS
        Observation.from_json(one)
    (address,) = [one for one in done.document["addresses"] if one["address"] == f"127.0.0.1:{ssh.port}"]
    assert (address["answers_as"], address["told_by"]) == ("web-1", ["ssh"])
    told = outlive("check").out
    assert "web-1: same_machine_ok (confirmed)\n" in told and "Who answers where:" in told


def test_a_page_that_hangs_is_found(stack: Home, outlive: Call, web: WebServer) -> None:
    outlive("identity", "--enrol")
    web.pages["/"] = Page(hang="headers")
    done = outlive("check", "--json")
    assert (done.code, done.document["hosts"][0]["verdict"]) == (1, "same_machine_app_hung")
    assert any("do not destroy" in one.lower() or "destroy" in one for one in done.document["hosts"][0]["forbidden"])


def test_a_page_that_is_not_as_expected_is_found(stack: Home, outlive: Call) -> None:
    """A status of 200 is not enough where more is wanted."""
    outlive("identity", "--enrol")
    stack.config.write_text(stack.config.read_text().replace("timeout_seconds = 4\n", 'contains = "Add to cart"\n'))
    done = outlive("check", "--json")
    assert (done.code, done.document["hosts"][0]["verdict"]) == (1, "same_machine_app_down")


def test_when_dns_leads_elsewhere_the_old_address_is_still_asked(
    stack: Home, outlive: Call, ssh: SshServer, web: WebServer
) -> None:
    """The day Outlive comes from: somebody changes the record, and from then on everybody looks at another machine."""
    authority = Authority(stack.folder)
    names = need("dns", NameServer().start)
    names.records["shop.example.test", "A"] = ["127.0.0.1"]
    with WebServer(authority.issue("shop.example.test")) as secure:
        text = stack.config.read_text().replace(web.url(), secure.url("/", "shop.example.test"))
        watch = f'[watch]\nresolvers = ["{names.address}"]\nca_file = "{authority.path}"\nrdap = "http://127.0.0.1:1"\n'
        stack.config.write_text(text.replace("[watch]\n", watch))
        outlive("identity", "--enrol")
        before = outlive("check", "--json")
        assert (before.code, before.document["hosts"][0]["verdict"]) == (0, "same_machine_ok"), before.document
        assert [one["valid"] for one in before.document["certificates"]] == [True]
        assert before.document["domains"][0]["error"], "no registry can be reached, and that is said"

        names.records["shop.example.test", "A"] = ["127.0.0.9"]
        moved = outlive("check", "--json")
    names.close()
    assert (moved.code, moved.document["hosts"][0]["verdict"]) == (1, "dns_elsewhere")
    told = {one["address"]: one for one in moved.document["addresses"]}
    assert told[f"127.0.0.1:{ssh.port}"]["answers_as"] == "web-1"
    assert "dns shop.example.test" in told[f"127.0.0.1:{ssh.port}"]["told_by"], "it once led there, and is asked on"
    assert told[f"127.0.0.9:{ssh.port}"]["told_by"] == ["dns shop.example.test"]
    (certificate,) = [one for one in moved.document["certificates"] if "error" not in one]
    assert (certificate["address"], certificate["valid"]) == ("127.0.0.1", True)


def test_silence_is_could_not_tell_and_never_well(stack: Home, outlive: Call, ssh: SshServer, web: WebServer) -> None:
    outlive("identity", "--enrol")
    ssh.disconnect_all()
    ssh.stop()
    web.close()
    text = stack.config.read_text()
    stack.config.write_text(text.replace(web.url(), "http://[2001:db8::9]/"))
    (stack.folder / "away").write_text(ssh.config.read_text().replace("127.0.0.1", "2001:db8::9"))
    stack.config.write_text(stack.config.read_text().replace(str(ssh.config), str(stack.folder / "away")))
    done = outlive("check", "--json", "--no-remember")
    assert done.code == 3
    assert done.document["hosts"][0]["verdict"] in ("unreachable_unproven", "no_data")


def test_a_ci_job_without_a_memory_has_the_pinned_key(stack: Home, outlive: Call, ssh: SshServer) -> None:
    assert outlive("check", "--no-remember").code == 0
    assert not (stack.folder / "state" / "keeper.db").exists()
    ssh.rekey()
    done = outlive("check", "--json", "--no-remember")
    assert done.code == 1
    assert done.document["hosts"][0]["verdict"] in ("rekeyed", "unknown_machine")


def test_without_a_host_there_is_nothing_to_check(home: Home, outlive: Call) -> None:
    home.config.write_text(home.config.read_text().partition("[[hosts]]")[0])
    assert outlive("check").code == 2


def test_what_check_found_is_what_status_shows(stack: Home, outlive: Call) -> None:
    outlive("identity", "--enrol")
    outlive("check")
    (host,) = outlive("status", "--json", "--no-look").document["hosts"]
    assert (host["verdict"], host["confirmed"]) == ("same_machine_ok", True)
    assert host["because"] and host["seen_at"]


def test_an_identity_is_pinned_and_shown_with_its_history(stack: Home, outlive: Call, ssh: SshServer) -> None:
    before = outlive("identity")
    assert (before.code, "not enrolled" in before.out) == (0, True)
    outlive("identity", "--enrol", "web-1")
    done = outlive("identity", "--json")
    assert done.code == 0
    (host,) = done.document["hosts"]
    assert host["enrolled"]["ssh.host_key"] == ssh.host_key_fingerprint
    assert host["enrolled"]["address"] == [f"127.0.0.1:{ssh.port}"]
    assert (host["how"], len(host["history"]), host["changes"]) == ("enrol", 1, [])
    assert ssh.host_key_fingerprint in outlive("identity").out


def test_another_identity_is_refused_until_a_person_gives_back_its_code(
    stack: Home, outlive: Call, ssh: SshServer
) -> None:
    outlive("identity", "--enrol")
    ssh.rekey()
    shown = outlive("identity", "--json")
    assert (shown.code, [one["fact"] for one in shown.document["hosts"][0]["changes"]]) == (1, ["ssh.host_key"])
    refused = outlive("identity", "--enrol")
    assert refused.code == 4
    assert ssh.host_key_fingerprint in refused.err
    assert outlive("identity", "--enrol", "--accept", "0123456789ab").code == 4, "a guess is no acceptance"
    code = refused.err.rpartition("--accept ")[2].split()[0]
    assert outlive("identity", "web-1", "--enrol", "--accept", code).code == 0
    assert outlive("check").code == 0
    assert len(outlive("identity", "--json").document["hosts"][0]["history"]) == 2


def test_a_key_that_nobody_pinned_is_not_enrolled_by_itself(stack: Home, outlive: Call, ssh: SshServer) -> None:
    (stack.folder / "known_hosts").unlink()
    refused = outlive("identity", "--enrol")
    assert (refused.code, "nobody vouches" in refused.err) == (4, True)


def test_who_lets_nobody_in_cannot_be_enrolled(stack: Home, outlive: Call, ssh: SshServer) -> None:
    key = make_key(stack.folder / "stranger")
    config = stack.folder / "strange_config"
    config.write_text(client_config("web-1", "127.0.0.1", ssh.port, ssh.user, key, stack.folder / "known_hosts"))
    stack.config.write_text(stack.config.read_text().replace(str(ssh.config), str(config)))
    done = outlive("identity", "--enrol")
    assert (done.code, "login" in done.err) == (3, True)


def test_addresses_are_told_asked_and_forgotten(stack: Home, outlive: Call, ssh: SshServer) -> None:
    assert outlive("identity", "--address", "127.0.0.2", "--told-by", "ci VM_HOST").code == 0
    told = {one["address"]: one for one in outlive("identity", "--json").document["addresses"]}
    other = told[f"127.0.0.2:{ssh.port}"]
    assert other["told_by"] == ["ci VM_HOST"]
    assert other["told"][0]["first"] <= other["told"][0]["last"]
    assert other["answers_as"] is None or other["answers_as"] == "unknown", "nobody listens there"
    assert outlive("identity", "--forget", "127.0.0.2").code == 0
    assert f"127.0.0.2:{ssh.port}" not in outlive("identity").out
    assert outlive("identity", "--forget", "203.0.113.7").code == 2
    assert outlive("identity", "--address", "shop.example.test").code == 2


@pytest.mark.parametrize("words", [["--expect", "flood"], ["--expect", "reboot", "--for", "soon"], ["nowhere"]])
def test_what_makes_no_sense_is_refused(stack: Home, outlive: Call, words: list[str]) -> None:
    assert outlive("identity", *words).code == 2


def test_a_declared_change_is_told_and_shown(stack: Home, outlive: Call) -> None:
    assert "reinstall of web-1 is expected" in outlive("identity", "--expect", "reinstall", "--for", "90m").out
    (window,) = outlive("identity", "--json").document["windows"]
    assert (window["host"], window["expect"]) == ("web-1", "reinstall")
    assert outlive("identity", "--expect", "reboot", "--enrol").code == 2, "one thing at a time"


def test_a_memory_that_cannot_be_opened_keeps_nobody_from_looking(stack: Home, outlive: Call) -> None:
    (stack.folder / "state").write_text("in the way")
    done = outlive("check", "--json")
    assert (done.code, done.document["hosts"][0]["host"]) == (0, "web-1")
    assert "without a memory" in done.err


def _reads(stack: Home, loki: Loki) -> None:
    table = f'name = "grafana"\nhost = "web-1"\nurl = "{loki.url}"\nquery = \'{QUERY}\'\nuser = "{USER}"\n'
    login = f'tenant = "{TENANT}"\ntoken = {{ env = "OUTLIVE_LOKI_TOKEN" }}\n'
    stack.config.write_text(f"{stack.config.read_text()}\n[[loki]]\n{table}{login}")


def test_what_a_loki_holds_is_judged_and_a_token_never_told(
    stack: Home, outlive: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret in a log is found on a host that is well; a sign of compromise is a verdict."""
    monkeypatch.setenv("OUTLIVE_LOKI_TOKEN", TOKEN)
    with Loki() as loki:
        _reads(stack, loki)
        assert outlive("identity", "--enrol").code == 0
        loki.write(time.time_ns() - 10**9, "listening on 3000")
        well = outlive("check", "--json", "--no-remember")
        assert (well.code, well.document["hosts"][0]["verdict"]) == (0, "same_machine_ok"), well.document
        loki.write(
            time.time_ns() - 10**9, "PATH=/usr/bin:/bin HOME=/root PWD=/app NODE_VERSION=20.20.0 AUTH_SECRET=hunter2x"
        )
        done = outlive("check", "--json", "--no-remember")
        (host,) = done.document["hosts"]
        assert (done.code, host["verdict"], host["confirmed"]) == (1, "possible_compromise", False)
        assert "signs of compromise stand in the log of app" in str(host["advice"])
        assert "hunter2x" not in str(done.document) and TOKEN not in str(done.document)
        assert loki.wrong == []


def test_one_deadline_holds_for_all_that_the_provider_says(stack: Home, outlive: Call) -> None:
    """An API that says "later" again and again, and a plan that hangs: without the deadline this takes minutes."""
    outlive("identity", "--enrol")
    program = stack.folder / "tofu"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o700)
    (stack.folder / "token").write_text(CLOUD_TOKEN)
    (stack.folder / "token").chmod(0o600)
    with Cloud() as cloud:
        cloud.faults(Fault(times=99, status=429, headers={"Retry-After": "50"}))
        provider = f'name = "cloud"\nkind = "cherryservers"\nproject = "100200"\nurl = "{cloud.url}"\n'
        provider += 'token = { file = "token" }'
        plans = f'name = "infra"\nfolder = "."\nprogram = "{program}"\ntimeout_seconds = 600'
        text = stack.config.read_text().replace("[watch]\n", "[watch]\nprovider_seconds = 3\n")
        stack.config.write_text(f"{text}\n[[providers]]\n{provider}\n[[tofu]]\n{plans}\n")
        done = outlive("check", "--json")
    assert (done.code, done.document["hosts"][0]["verdict"]) == (3, "same_machine_ok")
    silent = [(one["provider"], one["why"]) for one in done.document["provider"]["no_data"]]
    assert silent == [("cloud", "no end within 3 s"), ("infra", "no end within 3 s")]


def test_what_was_found_in_a_log_is_acknowledged_and_what_is_new_after_that_alarms(
    stack: Home, outlive: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTLIVE_LOKI_TOKEN", TOKEN)
    with Loki() as loki:
        _reads(stack, loki)
        assert outlive("identity", "--enrol").code == 0
        dump = "PATH=/usr/bin:/bin HOME=/root PWD=/app NODE_VERSION=20.20.0 AUTH_SECRET=hunter2x"
        loki.write(time.time_ns() - 10**9, dump)
        assert outlive("check", "--json").document["hosts"][0]["verdict"] == "possible_compromise"
        begun = [int(one["start"]) for one in loki.asked]
        done = outlive("ack", "--rotated", "--json")
        assert done.code == 0 and differences(done.document, SHAPES["ack"]) == []
        assert {one["how"] for one in done.document["settled"]} == {"rotated"} and "hunter2x" not in str(done.document)
        well = outlive("check", "--json")
        (host,) = well.document["hosts"]
        assert (well.code, host["verdict"]) == (0, "same_machine_ok")
        assert int(loki.asked[-1]["start"]) > begun[0] + 5 * 60 * 10**9, "read on from where the look before had ended"
        assert any(line.startswith("acknowledged by ") and "rotated" in line for line in host["advice"])
        loki.write(time.time_ns() - 10**9, dump)
        assert outlive("check", "--json").document["hosts"][0]["verdict"] == "possible_compromise"
        assert outlive("ack", "--rotated", "--harmless").code == 2
