"""Every `outlive lab break`, watched by the real watching code: the exact verdict in at most two looks, nothing more
claimed, and the same machine again when it is healed. One keeper with one memory sees them all, one after the other."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from outlive.lab.breaks.base import Options
from outlive.lab.breaks.machines import CLONE_ADDRESS, NEW_ADDRESS
from outlive.lab.breaks.network import STRANGER_ADDRESS
from outlive.lab.breaks.table import BREAKS, break_it, heal
from outlive.lab.record import PREVIEW, WEB
from outlive.lab.world import Lab
from outlive.model.verdict import Name, Verdict
from tests.lab.looking import until_well
from tests.stories.lab_keeper import LabKeeper, keeper_of

pytestmark = [pytest.mark.docker, pytest.mark.slow]
LOOKS = 2
WELL = {Name.SAME_MACHINE_OK, Name.REBOOTED}  # a reboot is news for an hour, also in the stories that follow
DESTROYED = {Name.MACHINE_REPLACED, Name.OS_REINSTALLED, Name.DATA_REPLACED, Name.ROLLED_BACK}
# More than a restart writes, so that going back shows, however young the lab is.
WRITES = "create table filled as select repeat('x', 200) from generate_series(1, 20000); select pg_switch_wal()"
AS_IT_IS, OTHER_ADDRESS, NO_LOGIN = Options(), Options(other_address=True), Options(no_login=True)


@dataclass(frozen=True)
class Story:
    """`verdict` of web-1, and whether it is confirmed; `preview` is well unless something else is said. `healed` (or
    `or_healed`): what is left to be told of web-1, until a person enrols it. `told`: an address that a person gave for
    web-1, by its last number; `leftover`: one that is nobody's any more. `databases`: they are asked too; `first`: is done
    in the shop's database before. `settle_seconds`: so long it is waited before it is looked at again.
    `patience_seconds`: a loop needs some lives before it is one, and those of a busy machine are long."""

    what: str
    verdict: Name
    confirmed: bool = True
    options: Options = AS_IT_IS
    preview: Name = Name.SAME_MACHINE_OK
    healed: Name = Name.SAME_MACHINE_OK
    or_healed: Name | None = None
    told: int = 0
    leftover: int = 0
    databases: bool = False
    first: str = ""
    settle_seconds: float = 0
    patience_seconds: float = 0

    @property
    def name(self) -> str:
        ways = (("other-address", self.options.other_address), ("no-login", self.options.no_login), ("told", self.told))
        return "-".join([self.what, *(way for way, taken in ways if taken)])


STORIES = [
    Story("hang-app", Name.SAME_MACHINE_APP_HUNG),
    Story("stderr-flood", Name.SAME_MACHINE_OK),  # it serves: the log rules have to say it
    Story("kill-edge", Name.SAME_MACHINE_APP_DOWN),
    Story("rekey", Name.REKEYED),
    Story("swap-addresses", Name.WRONG_MACHINE, preview=Name.WRONG_MACHINE),
    Story("dns-elsewhere", Name.DNS_ELSEWHERE, leftover=STRANGER_ADDRESS),
    Story("replace", Name.MACHINE_REPLACED),
    Story("replace", Name.UNKNOWN_MACHINE, confirmed=False, options=NO_LOGIN),
    # The provider, which is asked as well, tells the new address of the one, and that there is the other:
    Story("replace", Name.MACHINE_REPLACED, options=OTHER_ADDRESS),
    Story("replace", Name.MACHINE_REPLACED, options=OTHER_ADDRESS, told=NEW_ADDRESS),
    Story("reinstall", Name.OS_REINSTALLED),
    Story("reinstall", Name.UNKNOWN_MACHINE, confirmed=False, options=NO_LOGIN),
    Story("clone", Name.DUPLICATE),
    Story("clone", Name.CLONED, told=CLONE_ADDRESS),
    Story("partition-keeper", Name.NO_DATA, confirmed=False, preview=Name.NO_DATA),
    Story("reboot", Name.REBOOTED, healed=Name.REBOOTED),
    Story("suspend", Name.SUSPENDED, confirmed=False, healed=Name.REBOOTED),
    # After the reboot: the lives of a loop are remembered for ten minutes.
    Story("crash-loop", Name.SAME_MACHINE_APP_DOWN, settle_seconds=60, patience_seconds=120),
    # Two boots of one disk: what is healed looks cloned until the other was last seen half a minute ago, and until a person
    # enrols it where its boot is more than ten minutes older than that.
    Story("rollback", Name.ROLLED_BACK, databases=True, first=WRITES, settle_seconds=35, or_healed=Name.CLONED),
    Story("wipe-volume", Name.DATA_REPLACED, healed=Name.DATA_REPLACED, databases=True),  # the volume stays younger
]


@pytest.fixture(scope="module")
def keeper(whole_lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabKeeper]:
    until_well(whole_lab)  # what other tests broke and healed is told for some time yet
    with keeper_of(whole_lab, tmp_path_factory.mktemp("keeper")) as one:
        yield one


def test_an_app_that_is_killed_for_its_memory_is_no_machines_fault(lab: Lab, keeper: LabKeeper) -> None:
    """It serves and falls in turn, so that either may be seen; never more than that."""
    break_it(lab, "oom")
    for _ in range(LOOKS):
        assert keeper.look()[WEB].name in WELL | {Name.SAME_MACHINE_APP_DOWN, Name.SAME_MACHINE_APP_HUNG}
    heal(lab)
    keeper.look()
    assert keeper.look()[WEB].name in WELL


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_break(lab: Lab, keeper: LabKeeper, story: Story) -> None:
    if story.first:
        lab.shop(WEB).sql(story.first)
    before = keeper.look(databases=story.databases)
    assert {one.name for one in before.values()} <= WELL, "well at the beginning"
    if story.told:
        keeper.tell(WEB, lab.record.address(story.told))
    break_it(lab, story.what, options=story.options)
    looks = [keeper.look(databases=story.databases) for _ in range(LOOKS)]
    until = time.monotonic() + story.patience_seconds
    while looks[-1][WEB].name is not story.verdict and time.monotonic() < until:
        looks.append(keeper.look(databases=story.databases))
    for seen in looks:
        _claims_no_more(seen[WEB], story)
    assert looks[-1][WEB].name in _wanted(story.verdict), keeper.containers()
    _is(looks[-1][WEB], story.verdict, confirmed=story.confirmed)
    _is(looks[-1][PREVIEW], story.preview)
    if lab.record.broken:
        heal(lab)
    time.sleep(story.settle_seconds)
    looks = [keeper.look(databases=story.databases) for _ in range(LOOKS)]
    for last in filter(None, (story.told, story.leftover)):
        keeper.forget(WEB, lab.record.address(last))
    if looks[-1][WEB].name is not story.or_healed:
        _is(looks[-1][WEB], story.healed)
    _is(looks[-1][PREVIEW], Name.SAME_MACHINE_OK)
    if looks[-1][WEB].name not in WELL:
        keeper.enrol()


def test_every_break_has_its_story() -> None:
    elsewhere = {
        "oom",
        "oom-child",
        "print-secret",
        "print-environment",
        "credit-low",
        "orphan",
        "twin",
        "wrong-workspace",
    }  # tests/lab
    assert {one.what for one in STORIES} == {one for one in BREAKS if not one.startswith("provider-")} - elsewhere


def _wanted(name: Name) -> set[Name]:
    """A host that is well may have been started again in a story before."""
    return WELL if name is Name.SAME_MACHINE_OK else {name}


def _is(found: Verdict, wanted: Name, confirmed: bool | None = None) -> None:
    assert found.name in _wanted(wanted), found
    assert confirmed is None or found.confirmed is confirmed, found


def _claims_no_more(found: Verdict, story: Story) -> None:
    """Nothing is called lost that is not, at no look; and as long as it may be there, nothing may be destroyed."""
    assert found.name is story.verdict or found.name not in DESTROYED or not found.confirmed, found
    if found.name in (Name.UNREACHABLE_UNPROVEN, Name.UNKNOWN_MACHINE, Name.WRONG_MACHINE, Name.CLONED):
        assert any("do not destroy" in line for line in found.forbidden), found
