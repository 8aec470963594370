"""What is locked for how long in a vault with `lock_days`."""

from __future__ import annotations

import pytest

from outlive.backup.upkeep.lock_days import lock_days, words

LOG = "wal/db/pg-7300000000000000001/"
SEGMENT = f"{LOG}000000010000000000000003"


@pytest.mark.parametrize(
    ("key", "of_thirty", "of_three"),
    [
        ("copies/db/20260207T081500Z-0123456789/base.tar.zst.age.000000", 30, 3),
        ("copies/db/20260207T081500Z-0123456789/manifest.json", 30, 3),
        ("proofs/db/x/20260207T081500000000Z-restored.json", 30, 3),
        ("tombstones/db/x.json", 30, 3),
        ("lineages/db/x.json", 30, 3),
        (f"{SEGMENT}.20260207T081502000Z.zst.age", 30, 3),
        (f"{LOG}00000002.history.zst.age", 30, 3),
        (f"{SEGMENT}.00000000-00002000.20260207T081502000Z.zst.age", 7, 3),
        (f"{SEGMENT}.00002000-00002000.20260207T081502000Z.zst.age", 0, 0),
        ("checks/20260207T081502Z-abc", 1, 1),
        ("copies/odd.00000000-00000000.x/y", 30, 3),
    ],
)
def test_days(key: str, of_thirty: int, of_three: int) -> None:
    assert (lock_days(key, 30), lock_days(key, 3)) == (of_thirty, of_three)


def test_the_words_say_the_same() -> None:
    assert "for 30 days" in words(30, "COMPLIANCE") and "for 7 days" in words(30, "COMPLIANCE")
    assert words(3, "GOVERNANCE").count("3 days") == 2 and "GOVERNANCE" in words(3, "GOVERNANCE")
