"""Runbooks as people write them: what is wrong is named, and one step is made for each asset."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from outlive.errors import UsageError
from outlive.model.asset import ConfigAsset, DockerVolumeAsset, PostgresAsset, PostgresDumpAsset
from outlive.recovery.runbook import RunbookWrong, expanded, left_out, read
from outlive.recovery.steps.registry import STEPS
from outlive.wiring_recovery import SHIPPED, recipe, shipped

GOOD = 'name = "mine"\ntitle = "my own"\n'
ORDER = "[[steps]]\nname = 'order'\nkind = 'create-machine'\n"
VOLUME = "[[steps]]\nname = 'volume {asset}'\nkind = 'volume'\neach = 'docker_volume'\n"
TEMPLATE = "lost-host-new-machine"
ASSETS = (
    PostgresAsset(name="db", host="web", container="shop/db"),
    DockerVolumeAsset(name="uploads", host="web", volume="shop_uploads"),
    DockerVolumeAsset(name="avatars", host="web", volume="shop_avatars"),
    ConfigAsset(name="config", host="web", paths=("/srv/shop",)),
)


@pytest.mark.parametrize("name", SHIPPED)
def test_what_is_shipped_can_be_read(name: str) -> None:
    found = recipe(name)
    assert found.name == name
    names = [one.name for one in expanded(found, ASSETS)]
    assert len(set(names)) == len(names)


def test_a_step_for_each_asset() -> None:
    found = [one.name for one in expanded(recipe("lost-host"), ASSETS)]
    assert found.index("configuration config") < found.index("volume uploads") < found.index("cluster db")
    assert "volume avatars" in found and not any("{asset}" in name for name in found)
    volume = next(one for one in expanded(recipe("lost-host"), ASSETS) if one.name == "volume uploads")
    assert volume.args == {"asset": "uploads"}


def test_a_rehearsal_touches_nothing_that_users_see() -> None:
    kinds = {one.kind for one in expanded(recipe("lost-host"), ASSETS, rehearsal=True)}
    assert {"cluster", "start", "page"} <= kinds
    assert not kinds & {"take-over", "repoint", "enrol", "copy-anew", "old-machine"}


def test_users_deploys_and_the_old_machine_are_left_alone_in_a_rehearsal_unless_somebody_wants_it() -> None:
    found = read(shipped(TEMPLATE).replace('"?"', '"x"'), STEPS)
    kinds = {one.kind for one in expanded(found, ASSETS, rehearsal=True)}
    assert {"create-machine", "machine", "cluster", "start", "page"} <= kinds
    assert not kinds & {"take-over", "dns", "ci-secret", "ci-dispatch", "ci-run", "repoint", "enrol", "quarantine"}
    wanted = GOOD + "[[steps]]\nname = 'a'\nkind = 'dns'\nrehearse = true\n"
    assert [one.kind for one in expanded(read(wanted, STEPS), ASSETS, rehearsal=True)] == ["dns"]


def test_the_runbook_that_orders_does_all_that_the_one_to_a_named_machine_does() -> None:
    """In the same order; and no order where a machine was named."""
    found = read(shipped(TEMPLATE).replace('"?"', '"x"'), STEPS)
    more = {"create-machine", "dns", "ci-secret", "ci-dispatch", "ci-run", "quarantine", "release-schedules"}
    assert [one.kind for one in found.entries if one.kind not in more] == [
        one.kind for one in recipe("lost-host").entries
    ]
    assert "create-machine" not in [one.kind for one in expanded(found, ASSETS, ordering=False)]


def test_one_step_for_assets_of_several_kinds_but_for_some() -> None:
    """As where the data of one is on a volume that is attached instead."""
    several = (
        "[[steps]]\nname = 'a {asset}'\nkind = 'volume'\neach = ['docker_volume', 'postgres']\nexcept = ['uploads']\n"
    )
    used = "[[steps]]\nname = 'use it'\nkind = 'use-volume'\nasset = 'uploads'\n"
    found = read(GOOD + "to = true\n" + several, STEPS)
    assert [one.args for one in expanded(found, ASSETS)] == [{"asset": "db"}, {"asset": "avatars"}]
    assert [one.name for one in left_out(found, ASSETS)] == ["uploads", "config"]
    assert [one.name for one in left_out(read(GOOD + "to = true\n" + several + used, STEPS), ASSETS)] == ["config"]


def test_the_runbook_for_a_volume_is_for_one_asset_of_any_kind_that_can_move() -> None:
    text = shipped("data-on-volume")
    with pytest.raises(RunbookWrong, match="provider is still"):
        read(text, STEPS)
    found = read(text.replace('gigabytes = "?"', "gigabytes = 10").replace('"?"', '"x"'), STEPS)
    for asset in ASSETS[:2]:
        kinds = [one.kind for one in expanded(found, [asset])]
        assert kinds.index("fresh-copy") < kinds.index("create-volume") < kinds.index("mount-volume")
        assert (
            kinds.index("stop") < kinds.index("copy-to-volume") < kinds.index("switch-to-volume") < kinds.index("start")
        )
    assert found.asset and left_out(found, ASSETS[-1:]) == [ASSETS[-1]]


def test_the_step_that_stands_there_as_a_comment_orders_in_the_place_of_the_other() -> None:
    text = shipped(TEMPLATE).replace('"?"', '"x"')
    ours, rest = text.split("# [[steps]]", 1)
    ours = ours[: ours.index('[[steps]]\nname = "order"')]
    comment, rest = rest.split("\n\n", 1)
    found = read("\n".join([ours, "[[steps]]", comment.replace("\n# ", "\n"), "", rest]), STEPS)
    assert found.order is not None and found.order.kind == "tofu-machine" and found.order.args["vars"]
    assert [one.kind for one in found.entries][2:4] == ["tofu-machine", "machine"]


def test_what_only_its_user_knows_is_filled_in_before() -> None:
    with pytest.raises(UsageError) as caught:
        recipe(TEMPLATE)
    assert "--print" in caught.value.hint
    with pytest.raises(RunbookWrong, match="provider is still"):
        read(shipped(TEMPLATE), STEPS)


def test_what_no_step_brings_back_is_named() -> None:
    dump = PostgresDumpAsset(name="dump", host="web", container="shop/db")
    assert left_out(recipe("lost-host"), (*ASSETS, dump)) == [dump]
    assert left_out(recipe("lost-host"), ASSETS) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name =\nx = 1", r"no TOML: .*line 1"),
        ('name = "x"\ntitle = "y"\n', "has no 'steps'"),
        (GOOD + "to = 1\nsteps = []\n", "to = 1 is of the wrong kind"),
        (GOOD + "nonsense = 1\nsteps = []\n", "nobody knows 'nonsense'"),
        (GOOD + "to = true\n" + ORDER, "leave `to` and `asset` out"),
        (GOOD + "asset = true\n" + ORDER + VOLUME, "leave `to` and `asset` out"),
        (GOOD + ORDER + ORDER.replace("'order'", "'again'"), "2 steps order a machine"),
        (GOOD + ORDER + ORDER.replace("'order'", "'a'").replace("create", "tofu"), "2 steps order a machine"),
        (GOOD + VOLUME, "no machine to restore to but the host itself"),
        (GOOD + VOLUME + ORDER, r"the step 'volume \{asset\}' works on the machine that 'order' orders after it"),
        (GOOD + "[[steps]]\nname = 'a'\nkind = 'machine'\n" + ORDER, "the step 'a' works on the machine"),
        (GOOD + "[[steps]]\nname = 'a'\nkind = 'create-machine'\nplan = '?'\n", "plan is still '\\?'"),
        (GOOD + "[[steps]]\nname = 'a'\nkind = 'create-machine'\nssh_keys = ['?']\n", "ssh_keys is still '\\?'"),
        (GOOD + "[[steps]]\nkind = 'stack'\n", "step 1 has no 'name'"),
        (GOOD + "[[steps]]\nname = 'a'\nkind = 'tea'\n", r"step 1 \('a'\): there is no kind of step 'tea'.*stack"),
        (GOOD + "[[steps]]\nname = 'a'\nkind = 'volume'\neach = 'docker_volume'\n", r"has \{asset\} in its name"),
        (GOOD + "[[steps]]\nname = 'a {asset}'\nkind = 'volume'\neach = 'cats'\n", "no kind of asset"),
        (
            GOOD + "[[steps]]\nname = 'a {asset}'\nkind = 'volume'\neach = ['path', 'cats']\n",
            "'cats' is no kind of asset",
        ),
        (GOOD + "[[steps]]\nname = 'a'\nkind = 'stack'\nattempts = 0\n", "attempts must be more than 0"),
        (GOOD + "[[steps]]\nname = 'a'\nkind = 'stack'\nattempts = true\n", "of the wrong kind"),
        (
            GOOD + "[[steps]]\nname = 'a'\nkind = 'stack'\n[[steps]]\nname = 'a'\nkind = 'page'\n",
            "two steps are called 'a'",
        ),
    ],
)
def test_what_is_wrong_is_named(text: str, said: str) -> None:
    with pytest.raises(RunbookWrong) as caught:
        read(text, STEPS)
    assert re.search(said, str(caught.value)), caught.value
    assert caught.value.exit_code == 2


def test_what_the_run_does_not_know_goes_to_the_step() -> None:
    (one,) = read(
        GOOD + "[[steps]]\nname = 'a'\nkind = 'docker'\ninstall = 'apt-get install'\npause_seconds = 1.5\n", STEPS
    ).entries
    assert (one.args, one.pause_seconds, one.attempts) == ({"install": "apt-get install"}, 1.5, None)


def test_a_runbook_that_brings_nothing_back_is_about_no_assets() -> None:
    orders = read(GOOD + ORDER, STEPS)
    assert not orders.brings_back
    assert read(GOOD + ORDER + VOLUME, STEPS).brings_back
    assert [name for name in SHIPPED if not recipe(name).brings_back] == ["rotate-secrets"]


def test_one_from_a_file_and_what_is_wrong_with_it_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(GOOD + "[[steps]]\nname = 'a'\nkind = 'stack'\n")
    assert recipe(str(file)).name == "mine"
    file.write_text(GOOD)
    with pytest.raises(RunbookWrong, match=r"mine\.toml: .*'steps'"):
        recipe(str(file))
    with pytest.raises(UsageError) as caught:
        recipe("lost-hots")
    assert "lost-host" in caught.value.hint
