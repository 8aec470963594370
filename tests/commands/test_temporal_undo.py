"""Taking a restore of schedules back: ours are taken away or put back, what somebody has changed since is left."""

from __future__ import annotations

from datetime import UTC, datetime

from outlive.commands.temporal import HELD, Schedule
from outlive.commands.temporal_compare import born_after, compare
from outlive.commands.temporal_undo import taking_back
from tests.commands.test_temporal import export, namespace, schedule


def test_only_what_the_restore_did_is_taken_back() -> None:
    before = export(namespace("shop", schedule("changed", "60s"), schedule("same"), schedule("touched", "60s")))
    wanted = export(namespace("shop", *(schedule(id) for id in ("changed", "made", "made-touched", "same", "touched"))))
    now = export(
        namespace(
            "shop",
            *(schedule(id) for id in ("changed", "same", "theirs")),
            schedule("made", paused=True, notes=HELD),
            *(schedule(id, "7s") for id in ("made-touched", "touched")),
        )
    )
    back = taking_back(before, wanted, now)
    assert [(name, one.id) for name, one in back.made] == [("shop", "made")]
    assert back.changed == (("shop", schedule("changed", "60s")),)
    assert back.left == ("shop/made-touched", "shop/touched")
    assert taking_back(before, wanted, before).made == () == taking_back(before, wanted, before).changed


def test_a_namespace_is_as_before_and_one_that_was_made_stays() -> None:
    before = export(namespace("shop", retention="60s"))
    wanted = export(namespace("shop"), namespace("billing"))
    back = taking_back(before, wanted, wanted)
    assert [one.described["config"]["workflowExecutionRetentionTtl"] for one in back.namespaces] == ["60s"]
    assert back.left == ("namespace billing",)
    attributes = export(namespace("shop", retention="60s", Customer="INDEXED_VALUE_TYPE_KEYWORD"))
    assert taking_back(before, wanted, attributes).namespaces == (), (
        "an attribute more is nothing that could be taken back"
    )


def test_what_a_database_is_too_old_to_know() -> None:
    old, new, silent = (Schedule(id, {"info": {"createTime": at}}) for id, at in MADE.items())
    seen = compare(export(namespace("shop", old, new, silent)), export(namespace("shop")))
    assert born_after(seen, datetime(2026, 2, 7, 8, 0, tzinfo=UTC)) == (("shop", new),)


MADE = {"old": "2026-02-07T07:59:59.5Z", "new": "2026-02-07T08:00:00.123456789Z", "silent": None}
