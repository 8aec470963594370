"""What is asked: everything that is configured, at every address that was ever told, each once."""

from __future__ import annotations

from outlive.watch.plan import Ask, names_of, plan
from tests.watch.made import A, B, settings

STACK = settings("""
[watch]
every_seconds = 20
[[hosts]]
name = "web-1"
address = "ssh://root@web-1"
names = ["Shop.Example.com"]
urls = ["https://shop.example.com/"]
tofu_state = "terraform.tfstate"
[[hosts.checks]]
url = "http://status.shop.example.com:8080/readyz"
kind = "ready"
every_seconds = 5
[[hosts]]
name = "here"
address = "local"
[[assets]]
name = "db"
kind = "postgres"
host = "web-1"
container = "app/db"
[[assets]]
name = "managed"
kind = "postgres_dump"
dsn = { env = "DSN" }
""")


def asked(kind: str, **streamed: object) -> list[Ask]:
    found = plan(STACK, {"web-1": (A, B)}, {"web-1": 2222}, **streamed)  # type: ignore[arg-type]
    assert len(found) == len(set(found))
    return [one for one in found if one.kind == kind]


def test_every_address_is_asked_by_ssh_and_this_machine_by_itself() -> None:
    assert [(one.host, one.address, one.port) for one in asked("ssh")] == [("web-1", A, 2222), ("web-1", B, 2222)]
    assert [one.host for one in asked("local")] == ["here"]


def test_every_page_is_asked_by_its_name_and_at_each_address() -> None:
    pages = [(one.check, one.address, one.every_seconds) for one in asked("http")]
    assert pages == [(index, at, every) for index, every in ((0, 20), (1, 5)) for at in (None, A, B)]


def test_certificates_are_asked_for_by_name_at_each_address() -> None:
    assert [(one.name, one.address, one.port) for one in asked("tls")] == [
        ("shop.example.com", A, 443),
        ("shop.example.com", B, 443),
    ]


def test_ports_are_those_of_ssh_and_of_the_pages() -> None:
    assert {(one.address, one.port) for one in asked("tcp")} == {(a, p) for a in (A, B) for p in (2222, 443, 8080)}


def test_names_are_those_that_are_listed_and_those_in_urls() -> None:
    host = STACK.hosts[0]
    assert names_of(host) == ("shop.example.com", "status.shop.example.com")
    assert [(one.name, one.every_seconds) for one in asked("dns")] == [(name, 30) for name in names_of(host)]
    assert [one.name for one in asked("domain")] == ["shop.example.com"], "the other one is below it"


def test_clusters_are_asked_seldom_unless_their_stream_tells() -> None:
    assert [(one.name, one.every_seconds) for one in asked("postgres")] == [("db", 300)]
    assert [one.every_seconds for one in asked("postgres", streamed=["db"])] == [20]
    assert [one.host for one in asked("tofu")] == ["web-1"]


def test_containers_are_asked_at_every_address_over_the_connection_that_is_kept() -> None:
    over_ssh = [(one.address, one.port) for one in asked("docker") if one.address]
    assert over_ssh and over_ssh == [(one.address, one.port) for one in asked("ssh")]
    here = plan(settings('[[hosts]]\nname = "me"\naddress = "local"\n'), {}, {})
    assert [(one.kind, one.address) for one in here] == [
        (kind, None) for kind in ("local", "capacity", "docker", "logs")
    ]
    off = plan(settings('[[hosts]]\nname = "me"\naddress = "local"\ncontainers = false\n'), {}, {})
    assert [one.kind for one in off] == ["local", "capacity"]


def test_log_files_are_read_where_some_are_named() -> None:
    """Also without containers."""
    told = (
        '[[hosts]]\nname = "me"\naddress = "local"\ncontainers = false\n[[hosts.log_files]]\npath = "/var/log/x.log"\n'
    )
    assert [(one.kind, one.every_seconds) for one in plan(settings(told), {}, {})][2:] == [("files", 30)]


def test_the_journal_is_read_where_it_is_named() -> None:
    told = '[[hosts]]\nname = "me"\naddress = "local"\ncontainers = false\n[[hosts.journals]]\n'
    assert [(one.kind, one.every_seconds) for one in plan(settings(told), {}, {})][2:] == [("journals", 30)]
