"""Names in the vault: docs/format.md told as tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from outlive.backup.copies.layout import asset_folder, copy_folder, new_copy_id, part_file, proof_key
from outlive.vault.base import check_key

AT = datetime(2026, 2, 7, 8, 15, 0, 123456, tzinfo=UTC)


def test_names_are_as_the_format_has_them() -> None:
    assert copy_folder("shop-db", "20260207T081500Z-0123456789") == "copies/shop-db/20260207T081500Z-0123456789/"
    assert part_file("base.tar", 7) == "base.tar.zst.age.000007"
    assert proof_key("db", "X", "verified", AT) == "proofs/db/X/20260207T081500123456Z-verified.json"


def test_a_copys_id_tells_the_moment_in_utc_and_is_never_used_twice() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=9)))
    ids = {new_copy_id(moment) for moment in (AT, elsewhere) for _ in range(500)}
    assert len(ids) == 1000
    assert {one[:17] for one in ids} == {"20260207T081500Z-"}
    assert all(check_key(copy_folder("db", one) + "x") for one in ids)


def test_the_names_of_parts_sort_as_their_numbers() -> None:
    names = [part_file("a", index) for index in (0, 9, 10, 99_999, 999_999)]
    assert names == sorted(names)


@pytest.mark.parametrize("name", ["", "..", "a/b", "A", "a b", "a..b", ".a", "-a", "a" * 101, "ä", "a\n"])
def test_what_could_leave_its_folder_is_no_name(name: str) -> None:
    for use in (asset_folder, lambda name: part_file(name, 0), lambda name: proof_key(name, "x", "verified", AT)):
        with pytest.raises(ValueError, match="not a name"):
            use(name)
