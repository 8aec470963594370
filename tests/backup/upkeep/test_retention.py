"""What retention may never do, against hostile clocks and histories; and what a plain policy keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from outlive.backup.copies.lineage import AlarmKind, best_copy, in_order
from outlive.backup.upkeep.retention import Policy, Verdict, decide
from outlive.model.copy import Check, Copy, Manifest, Part, Proof, ProofRecord, Stream
from tests.examples import examples

START = datetime(2026, 1, 1, 3, 0, tzinfo=UTC)
DAY = timedelta(days=1)
LOOSE = Policy(last=2, daily=0, weekly=0, monthly=0, require_proof=False)


def make(
    number: int,
    *,
    at: datetime | None = None,
    lineage: str = "7000",
    proof: Proof = Proof.STORED,
    damaged: bool = False,
    plain_bytes: int = 1000,
    started_at: datetime = START,
) -> Copy:
    """Copy `number` of an asset, committed on day `number`."""
    copy_id = f"copy-{number:04d}"
    committed = at or START + number * DAY
    part = Part("files.tar.zst.age.000000", plain_bytes, "0" * 64, plain_bytes)
    manifest = Manifest(
        id=copy_id,
        asset="db",
        kind="postgres",
        host="web-1",
        lineage=lineage,
        sequence=number,
        started_at=started_at,
        data_until=started_at,
        finished_at=started_at,
        streams=(Stream("files.tar", plain_bytes, (part,)),),
        recipients=("age1", "age2"),
    )
    records = []
    if proof is not Proof.STORED:
        records.append(ProofRecord(copy_id, "db", proof, True, START + number * DAY))
    if damaged:
        failed = (Check("rows", False, "0 of 5"),)
        records.append(ProofRecord(copy_id, "db", Proof.VERIFIED, False, START + number * DAY + DAY / 24, failed))
    return Copy(manifest, committed, tuple(records))


def kept(verdict: Verdict) -> set[str]:
    return {decision.id for decision in verdict.decisions if decision.keep}


def later(copies: list[Copy]) -> datetime:
    """A moment after the whole history, by an honest clock."""
    return START + (max((copy.manifest.sequence for copy in copies), default=0) + 1) * DAY


# --- a plain policy ---------------------------------------------------------------------------------------------


def test_last_n_are_kept_and_the_rest_goes_with_a_reason() -> None:
    copies = [make(number) for number in range(5)]
    verdict = decide(copies, LOOSE, later(copies))
    assert kept(verdict) == {"copy-0003", "copy-0004"}
    assert all(decision.reasons for decision in verdict.decisions)
    assert "older than what the policy keeps" in verdict.decisions[0].reasons[0]
    assert "last 2 of 2" in verdict.decisions[3].reasons


def test_calendar_keeps_the_first_copy_of_each_period() -> None:
    copies = [make(number, at=START + number * DAY / 2) for number in range(120)]  # two a day for sixty days
    policy = Policy(last=1, daily=3, weekly=2, monthly=2, require_proof=False)
    verdict = decide(copies, policy, START + 60 * DAY)
    assert {decision.id: decision.reasons for decision in verdict.decisions if decision.keep} == {
        "copy-0062": ("monthly 2026-02",),
        "copy-0092": ("weekly 2026-W08",),
        "copy-0106": ("weekly 2026-W09",),
        "copy-0114": ("daily 2026-02-27",),
        "copy-0116": ("daily 2026-02-28",),
        "copy-0118": ("daily 2026-03-01", "monthly 2026-03"),
        "copy-0119": ("newest copy", "best copy of lineage 7000", "last 1 of 1"),
    }


def test_without_any_proof_nothing_goes_unless_the_policy_says_so() -> None:
    copies = [make(number) for number in range(5)]
    strict = decide(copies, replace(LOOSE, require_proof=True), later(copies))
    assert len(kept(strict)) == 5
    assert strict.held_back == 3
    assert all("no copy is proven" in decision.reasons[-1] for decision in strict.decisions)


def test_newest_proven_copy_and_everything_newer_stays() -> None:
    copies = [make(number, proof=Proof.RESTORED if number == 4 else Proof.VERIFIED) for number in range(10)]
    verdict = decide(copies, replace(LOOSE, last=1), later(copies))
    assert kept(verdict) == {f"copy-{number:04d}" for number in range(4, 10)}
    assert "newest restored copy" in verdict.decisions[4].reasons
    assert verdict.decisions[5].reasons[0] == "newer than the newest restored copy"


def test_damaged_copies_take_nobodys_place() -> None:
    copies = [make(0), make(1), make(2, damaged=True), make(3, proof=Proof.VERIFIED), make(4, proof=Proof.VERIFIED)]
    verdict = decide(copies, replace(LOOSE, last=3, require_proof=True), later(copies))
    assert kept(verdict) == {"copy-0001", "copy-0003", "copy-0004"}
    assert verdict.decisions[2].reasons == ("damaged, and a newer copy is proven",)


def test_a_withdrawn_proof_does_not_count() -> None:
    withdrawn = make(3, proof=Proof.RESTORED, damaged=True)
    copies = [make(1, proof=Proof.RESTORED), make(2), withdrawn]
    verdict = decide(copies, LOOSE, later(copies))
    assert "newest restored copy" in verdict.decisions[0].reasons


# --- frozen -----------------------------------------------------------------------------------------------------


def test_a_new_lineage_freezes_everything_until_accepted() -> None:
    copies = [make(number, proof=Proof.RESTORED) for number in range(6)] + [make(6, lineage="9999")]
    verdict = decide(copies, LOOSE, later(copies))
    assert len(kept(verdict)) == 7
    assert [alarm.kind for alarm in verdict.alarms] == [AlarmKind.NEW_LINEAGE]
    assert "9999" in verdict.decisions[0].reasons[-1]
    assert "outlive copies --accept 9999" in verdict.decisions[0].reasons[-1]
    accepted = decide(copies, LOOSE, later(copies), accepted={"9999"})
    assert kept(accepted) == {"copy-0005", "copy-0006"}


def test_each_lineage_keeps_its_best_copy_until_a_person_gives_it_up() -> None:
    old = [make(number, proof=Proof.RESTORED if number == 2 else Proof.STORED) for number in range(4)]
    new = [make(number, lineage="9999", proof=Proof.RESTORED) for number in range(4, 12)]
    copies = old + new
    assert kept(decide(copies, LOOSE, later(copies), accepted={"9999"})) == {"copy-0002", "copy-0010", "copy-0011"}
    forgotten = decide(copies, LOOSE, later(copies), accepted={"9999"}, forgotten={"7000", "9999"})
    assert kept(forgotten) == {"copy-0010", "copy-0011"}


def test_the_newest_lineage_cannot_be_forgotten() -> None:
    copies = [make(0, proof=Proof.VERIFIED, lineage="9999"), make(1), make(2, proof=Proof.VERIFIED)]
    copies.append(make(3, lineage="9999"))
    verdict = decide(copies, replace(LOOSE, last=1), later(copies), accepted={"9999"}, forgotten={"9999"})
    assert kept(verdict) == {"copy-0000", "copy-0002", "copy-0003"}


def test_the_best_copy_of_an_old_lineage_is_not_its_damaged_one() -> None:
    copies = [make(0), make(1, damaged=True)] + [make(n, lineage="9999", proof=Proof.RESTORED) for n in range(2, 6)]
    assert kept(decide(copies, LOOSE, later(copies), accepted={"9999"})) == {"copy-0000", "copy-0004", "copy-0005"}


def test_a_red_drill_freezes() -> None:
    copies = [make(number, proof=Proof.RESTORED) for number in range(5)] + [make(5, damaged=True)]
    verdict = decide(copies, LOOSE, later(copies))
    assert len(kept(verdict)) == 6
    assert "copy-0005" in verdict.alarms[0].text and "rows: 0 of 5" in verdict.alarms[0].text


def test_a_red_copy_newer_than_all_proof_freezes_even_after_a_green_drill_of_an_older_one() -> None:
    green = make(4, proof=Proof.RESTORED)
    green = replace(green, proofs=(replace(green.proofs[0], at=START + 90 * DAY),))
    copies = [make(1), make(2), make(3), green, make(5, damaged=True)]
    assert len(kept(decide(copies, LOOSE, later(copies)))) == 5


def test_a_collapsed_copy_freezes_until_it_is_proven() -> None:
    copies = [make(number, proof=Proof.VERIFIED) for number in range(5)] + [make(5, plain_bytes=99)]
    assert len(kept(decide(copies, LOOSE, later(copies)))) == 6
    more = [*copies, make(6, plain_bytes=99), make(7, plain_bytes=99), make(8, plain_bytes=99)]
    assert len(kept(decide(more, LOOSE, later(more)))) == 9, "small copies do not become normal by themselves"
    proven = [*copies[:-1], make(5, plain_bytes=99, proof=Proof.VERIFIED)]
    assert kept(decide(proven, LOOSE, later(proven))) == {"copy-0004", "copy-0005"}


def test_collapse_is_measured_against_the_three_before() -> None:
    sizes = [1, 1, 1, 1, 1, 1000, 1000, 1000, 50]
    copies = [make(number, plain_bytes=size, proof=Proof.VERIFIED) for number, size in enumerate(sizes[:-1])]
    copies.append(make(8, plain_bytes=50))
    assert [alarm.kind for alarm in decide(copies, LOOSE, later(copies)).alarms] == [AlarmKind.COLLAPSED]


def test_a_tenth_is_not_a_collapse() -> None:
    copies = [make(number, proof=Proof.VERIFIED) for number in range(5)] + [make(5, plain_bytes=100)]
    assert decide(copies, LOOSE, later(copies)).alarms == ()


# --- clocks -----------------------------------------------------------------------------------------------------


def test_clients_clocks_are_ignored() -> None:
    honest = [make(number) for number in range(40)]
    lying = [make(number, started_at=START + (40 - number) * 365 * DAY) for number in range(40)]
    policy = Policy(last=2, daily=5, weekly=2, monthly=2, require_proof=False)
    assert kept(decide(honest, policy, later(honest))) == kept(decide(lying, policy, later(lying)))


def test_a_clock_that_jumped_a_year_ahead_and_back_costs_nothing() -> None:
    def at(number: int) -> datetime:
        return START + number * DAY + (365 * DAY if 20 <= number < 23 else timedelta(0))

    copies = [make(number, at=at(number)) for number in range(30)]
    honest = [make(number) for number in range(30)]
    policy = Policy(last=1, daily=14, weekly=0, monthly=0, require_proof=False)
    assert kept(decide(copies, policy, later(copies))) >= kept(decide(honest, policy, later(honest)))
    long_after = START + 1000 * DAY  # the future times have become past ones; they still contradict the order
    assert kept(decide(copies, policy, long_after)) >= kept(decide(honest, policy, long_after))


def test_copies_of_unknown_age_go_once_all_that_may_be_older_is_gone() -> None:
    copies = [make(number, at=START - 900 * DAY if number == 3 else None) for number in range(60)]
    policy = Policy(last=1, daily=14, weekly=0, monthly=0, require_proof=False)
    assert "copy-0003" in kept(decide(copies[:10], policy, later(copies)))
    assert "copy-0003" not in kept(decide(copies, policy, later(copies)))


def test_times_in_the_future_or_against_the_order_take_nobodys_place() -> None:
    policy = Policy(last=0, daily=14, weekly=0, monthly=0, require_proof=False)
    honest = [make(number) for number in range(20)]
    expected = {f"copy-{number:04d}" for number in range(6, 20)}
    for forged_at in (START + 9000 * DAY, START - 9000 * DAY):
        forged = [make(20 + number, at=forged_at + number * DAY) for number in range(3)]
        verdict = decide(honest + forged, policy, later(honest))
        assert kept(verdict) == expected | {"copy-0020", "copy-0021", "copy-0022"}


def test_order_is_the_count_of_commits_not_time() -> None:
    copies = [make(number, at=START - number * DAY) for number in range(6)]
    assert kept(decide(copies, LOOSE, later(copies))) == {"copy-0004", "copy-0005"}


# --- properties -------------------------------------------------------------------------------------------------

moments = st.one_of(
    st.integers(-400, 400).map(lambda days: START + days * DAY),
    st.datetimes(timezones=st.just(UTC)),
)
policies = st.builds(
    Policy,
    last=st.integers(0, 6),
    daily=st.integers(0, 6),
    weekly=st.integers(0, 4),
    monthly=st.integers(0, 4),
    require_proof=st.booleans(),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Copy]:
    """Any row of copies: any times, duplicate counts, several lineages, any proofs and damage."""
    copies = []
    for number in range(draw(st.integers(1, 16))):
        copy = make(
            number,
            at=draw(moments),
            lineage=draw(st.sampled_from(["7000", "7000", "7000", "9999"])),
            proof=draw(st.sampled_from(Proof)),
            damaged=draw(st.integers(0, 4)) == 0,
            plain_bytes=draw(st.sampled_from([0, 50, 1000, 1200])),
            started_at=draw(moments),
        )
        sequence = draw(st.integers(0, number))
        copies.append(replace(copy, manifest=replace(copy.manifest, sequence=sequence)))
    return copies


lineages = st.sets(st.sampled_from(["7000", "9999"]))


@examples(80)
@given(histories(), policies, moments, lineages, lineages)
def test_what_never_happens(
    copies: list[Copy], policy: Policy, now: datetime, accepted: set[str], forgotten: set[str]
) -> None:
    verdict = decide(copies, policy, now, accepted=accepted, forgotten=forgotten)
    ordered = in_order(copies)
    stay = kept(verdict)
    assert [decision.copy for decision in verdict.decisions] == ordered
    assert stay, "an asset is never emptied"
    assert all(decision.reasons and all(decision.reasons) for decision in verdict.decisions)
    whole = [copy for copy in ordered if not copy.is_damaged]
    rank = max((copy.proof.rank for copy in whole), default=0)
    best = max((i for i, copy in enumerate(ordered) if not copy.is_damaged and copy.proof.rank == rank), default=0)
    assert {copy.id for copy in ordered[best:]} <= stay, "the newest best copy and everything newer stays"
    if verdict.alarms:
        assert len(stay) == len(ordered)
    for lineage in {copy.manifest.lineage for copy in ordered} - forgotten | {ordered[-1].manifest.lineage}:
        of_lineage = [copy for copy in ordered if copy.manifest.lineage == lineage]
        assert (best_copy(of_lineage) or of_lineage[-1]).id in stay
    assert {copy.id for copy in whole[len(whole) - policy.last :]} <= stay or policy.last == 0


@examples(80)
@given(histories(), policies, policies, moments)
def test_a_larger_policy_never_keeps_less(copies: list[Copy], one: Policy, two: Policy, now: datetime) -> None:
    larger = Policy(
        last=max(one.last, two.last),
        daily=max(one.daily, two.daily),
        weekly=max(one.weekly, two.weekly),
        monthly=max(one.monthly, two.monthly),
        require_proof=one.require_proof,
    )
    accepted = {"7000", "9999"}
    assert kept(decide(copies, larger, now, accepted=accepted)) >= kept(decide(copies, one, now, accepted=accepted))


@examples(80)
@given(st.integers(1, 40), st.lists(moments, max_size=4), policies)
def test_copies_with_forged_times_cost_at_most_their_own_number_of_places(
    good: int, forged: list[datetime], policy: Policy
) -> None:
    """Whoever can add k copies with any time cannot do more harm than k honest copies: k places of each kind."""
    honest = [make(number) for number in range(good)]
    hostile = [make(good + number, at=at) for number, at in enumerate(forged)]
    now = later(honest + hostile)
    policy = replace(policy, require_proof=False)
    places = len(forged)
    smaller = replace(
        policy,
        last=max(0, policy.last - places),
        daily=max(0, policy.daily - places),
        weekly=max(0, policy.weekly - places),
        monthly=max(0, policy.monthly - places),
    )
    without = decide(honest, smaller, now)
    alone = {
        d.id for d in without.decisions if any(r.startswith(("last", "daily", "weekly", "monthly")) for r in d.reasons)
    }
    assert alone <= kept(decide(honest + hostile, policy, now))
