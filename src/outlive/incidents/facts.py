"""What was seen: symptoms, services, infrastructure; and what of the data is safe. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from outlive.incidents.case import AssetLoss, Case
from outlive.incidents.markdown import bullets, clock, plain, span, table
from outlive.model.observation import Observation
from outlive.verdict.evidence import field, text
from outlive.verdict.words import sentence

SYMPTOMS = ("http.response", "tcp.connect", "tls.leaf", "log.signature", "ssh.login")
SERVICES = ("container", "log.seen")
INFRASTRUCTURE = ("enrolled", "provider.", "tofu.", "ci.", "dns.", "guest.", "ssh.host_key", "pg.", "volume.")
BAD_STATUS = 400


def symptoms(case: Case) -> Iterator[str]:
    """What did not answer as it should, as it was captured."""
    rows = [
        (clock(one.at), plain(sentence(one)), plain(one.witness), case.cite([one]).strip())
        for one in case.of(*SYMPTOMS)
        if is_bad(one)
    ]
    yield from table(("time", "what", "seen by", ""), rows, "None was captured.")


def is_bad(one: Observation) -> bool:
    """Not as it should be."""
    if one.fact == "http.response":
        status = field(one, "status")
        return one.error is not None or (isinstance(status, int) and status >= BAD_STATUS)
    if one.fact == "ssh.login":
        return text(one.value) != "accepted"
    if one.fact == "tls.leaf":
        return one.error is not None or field(one, "valid") is False
    return one.error is not None or one.fact == "log.signature"


def services(case: Case) -> Iterator[str]:
    """The last that is known of each."""
    last: dict[tuple[str, str, str], Observation] = {}
    for one in case.of(*SERVICES):
        last[(one.subject, text(field(one, "service")), text(field(one, "stream") or ""))] = one
    rows = [
        (plain(service), plain(subject), clock(one.at), plain(sentence(one)), case.cite([one]).strip())
        for (subject, service, _), one in sorted(last.items())
    ]
    yield from table(("service", "host", "last seen", "as", ""), rows, "Nothing is known of single services.")


def infrastructure(case: Case) -> Iterator[str]:
    """The last that was said of each fact, by whom."""
    last: dict[tuple[str, str, str], Observation] = {}
    for one in case.observations:
        if one.fact.startswith(INFRASTRUCTURE):
            last[(one.fact, one.subject, one.witness)] = one
    rows = [
        (plain(one.subject), plain(sentence(one)), plain(one.channel), clock(one.at), case.cite([one]).strip())
        for _, one in sorted(last.items())
    ]
    yield from table(("of", "what", "channel", "time", ""), rows, "None is recorded.")
    if case.judgement.addresses:
        yield ""
        yield "Addresses:"
        yield ""
        yield from bullets(
            (
                f"{plain(one.address)}: told by {plain(', '.join(one.told_by))}; "
                + (f"answered as {plain(one.answers_as)}" if one.answers_as else "nobody has shown who answers there")
                for one in case.judgement.addresses
            ),
            "",
        )


def losses(case: Case) -> Iterator[str]:
    """Per asset, what would have been gone when it began. Silence is no proof of loss, and is not told as one."""
    if case.losses is None:
        yield "No vault was asked: nothing is known of copies. What is not proven gone must be treated as still there."
        return
    rows = [(plain(one.asset), one.kind, *_loss(case, one)) for one in case.losses]
    head = ("asset", "kind", "in the vault until", "lost at most", "copy")
    yield from table(head, rows, "No asset is configured.")


def _loss(case: Case, one: AssetLoss) -> tuple[str, str, str]:
    if one.unknown:
        return "unknown", plain(one.unknown), ""
    if one.until is None:
        return "nothing is", "**everything**, if the host is gone", ""
    began = case.began_at or case.at
    return clock(one.until), span(began - one.until), f"{plain(one.copy)} ({one.proof})"


def survived(case: Case) -> Iterator[str]:
    kept = [one for one in case.losses or () if one.until is not None]
    lines = [f"{plain(one.asset)}: everything before {clock(one.until)}" for one in kept if one.until]
    hosts = [
        f"{plain(one.host)}: nothing shows that its data is gone ({one.name})"
        for one in case.judgement.hosts
        if one.name not in ("os_reinstalled", "machine_replaced", "data_replaced", "rolled_back")
    ]
    yield from bullets((*lines, *hosts), "Nothing that is known here.")
