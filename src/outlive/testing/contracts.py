"""What every vault must keep, as functions to be run against yours.

    @pytest.mark.parametrize("promise", VAULT_CONTRACT, ids=name_of)
    def test_it_keeps_the_contract(promise, my_vault):
        promise(my_vault, VaultTraits(create=Create.ATOMIC))

A promise writes below a fresh folder of its own, so that one vault serves for all of them, and may be run again. Where
real stores differ, the difference is declared in `VaultTraits` and checked as declared: nothing is skipped.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

from outlive.errors import ObjectExists, ObjectMissing
from outlive.testing.traits import BAD_KEYS, ODD_NAMES, Create, VaultTraits
from outlive.vault.base import Vault

__all__ = ["BAD_KEYS", "ODD_NAMES", "VAULT_CONTRACT", "Create", "Promise", "VaultTraits", "name_of"]

LARGE_BYTES = 32 << 20
WRITERS = 8
Promise = Callable[[Vault, VaultTraits], None]


def name_of(promise: Promise) -> str:
    """For pytest's `ids`."""
    return promise.__name__


def what_was_put_comes_back(vault: Vault, traits: VaultTraits) -> None:
    """`get` returns exactly the bytes, also none at all, and bytes that are not text."""
    folder = _fresh()
    for name, data in {"empty": b"", "one": b"\0", "all": bytes(range(256)) * 41}.items():
        vault.put(folder + name, data)
        _hold(vault.get(folder + name) == data, f"get returns what put stored ({name})")


def a_large_object_comes_back(vault: Vault, traits: VaultTraits) -> None:
    """A part of the default size goes up and down in one piece, and `holds` sees its last byte."""
    key, data = _fresh() + "part", secrets.token_bytes(1 << 20) * (LARGE_BYTES >> 20)
    vault.put(key, data)
    _hold(vault.get(key) == data, "a large object comes back")
    _hold(vault.holds(key, data), "holds says yes to a large object")
    _hold(not vault.holds(key, data[:-1] + bytes([data[-1] ^ 1])), "holds sees the last bit of a large object")
    vault.delete(key)


def holds_compares_every_byte(vault: Vault, traits: VaultTraits) -> None:
    """`holds` is no comparison of sizes or beginnings."""
    key, data = _fresh() + "x", b"0123456789"
    vault.put(key, data)
    _hold(vault.holds(key, data), "holds says yes to the same bytes")
    for other in (b"", data[:-1], data + b"0", b"1" + data[1:], data[:-1] + b"0"):
        _hold(not vault.holds(key, other), f"holds says no to {other!r}")


def a_missing_object_is_missing(vault: Vault, traits: VaultTraits) -> None:
    """`get`, `holds` and `copy` raise `ObjectMissing`; a folder is no object."""
    folder = _fresh()
    vault.put(folder + "here", b"x")
    vault.put(folder + "sub/x", b"x")
    for key in (folder + "gone", folder.rstrip("/") + "-no/where", folder + "sub", folder + "here/below"):
        _raises(ObjectMissing, "get of a missing key", vault.get, key)
        _raises(ObjectMissing, "holds of a missing key", vault.holds, key, b"")
        _raises(ObjectMissing, "copy of a missing key", vault.copy, key, folder + "new")
    _hold(_keys(vault, folder) == [folder + "here", folder + "sub/x"], "nothing came of it")


def put_creates_only(vault: Vault, traits: VaultTraits) -> None:
    """A taken key is refused and left as it is, even for the same bytes; or overwritten where that is declared."""
    key = _fresh() + "x"
    vault.put(key, b"first")
    for data in (b"second", b"first", b""):
        if traits.create is Create.OVERWRITES:
            vault.put(key, data)
            _hold(vault.get(key) == data, "this store is declared to overwrite")
        else:
            _raises(ObjectExists, "a second put", vault.put, key, data)
            _hold(vault.get(key) == b"first", "the first object is left as it was")


def of_many_creators_one_wins(vault: Vault, traits: VaultTraits) -> None:
    """Writers of one key at one moment: one winner, whose bytes stay. Where creation is not atomic: one *whole* object
    of one of them."""
    key, barrier = _fresh() + "x", Barrier(WRITERS)
    offers = [bytes([number]) * 200_000 for number in range(WRITERS)]

    def create(data: bytes) -> bool:
        barrier.wait()
        try:
            vault.put(key, data)
        except ObjectExists:
            return False
        return True

    with ThreadPoolExecutor(WRITERS) as pool:
        won = list(pool.map(create, offers))
    _hold(vault.get(key) in offers, "what stays is the whole object of one writer")
    if traits.create is Create.ATOMIC:
        _hold(won.count(True) == 1, f"one writer wins, not {won.count(True)}")
        _hold(vault.get(key) == offers[won.index(True)], "the winner's bytes stay")
    elif traits.create is Create.OVERWRITES:
        _hold(all(won), "this store is declared to refuse nobody")


def many_writers_of_many_keys(vault: Vault, traits: VaultTraits) -> None:
    """Every verb may be called from several threads, in folders that come and go."""
    folder = _fresh()

    def write(number: int) -> None:
        for turn in range(4):
            key = f"{folder}{turn}/{number % 3}/{number}"
            vault.put(key, key.encode())
            _hold(vault.get(key) == key.encode(), "a writer reads its own object")
            if turn % 2:
                vault.delete(key)

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS * 2)))
    expected = sorted(f"{folder}{turn}/{n % 3}/{n}" for turn in (0, 2) for n in range(WRITERS * 2))
    _hold(_keys(vault, folder) == expected, "all that was left is there")


def walk_goes_in_order_of_keys(vault: Vault, traits: VaultTraits) -> None:
    """By code point, not by folder or language; only what is in the folder; with sizes and the vault's time."""
    root = _fresh()
    names = ["b", "a/z", "a-b/c", "a/b/c", "Z", "a.b", "ä", "a0", "10", "9"]
    for size, name in enumerate(names):
        vault.put(f"{root}in/{name}", b"x" * size)
    vault.put(root + "in-too", b"")
    vault.put(root + "inner/x", b"")
    infos = list(vault.walk(root + "in/"))
    _hold([info.key for info in infos] == sorted(f"{root}in/{name}" for name in names), "walk is in order of keys")
    _hold({info.key: info.bytes for info in infos}[f"{root}in/9"] == len(names) - 1, "walk knows sizes")
    for info in infos:
        _hold(info.modified_at.tzinfo is not None, "times are aware")
        _hold(abs(info.modified_at - datetime.now(UTC)) < timedelta(hours=1), "walk knows when it was written")
    _hold(list(vault.walk(root + "in/nothing/")) == [], "an empty folder is no error")
    everything = [info.key for info in vault.walk("")]
    _hold(set(_keys(vault, root)) <= set(everything), "the empty prefix is the whole vault")
    _hold(everything == sorted(everything), "the whole vault is in order too")


def folders_are_those_directly_below(vault: Vault, traits: VaultTraits) -> None:
    """Names, sorted, without objects and without what lies deeper; an emptied folder is gone."""
    root = _fresh()
    for name in ("b/x", "a/x/y", "a/z", "c d/x", "plain", "é/x"):
        vault.put(root + name, b"x")
    _hold(vault.folders(root) == ["a", "b", "c d", "é"], "folders are the names directly below")
    _hold(vault.folders(root + "a/") == ["x"], "folders of a folder")
    _hold(vault.folders(root + "none/") == [], "no folders is no error")
    _hold(root.split("/")[0] in vault.folders(""), "the empty prefix is the top")
    vault.delete(root + "b/x")
    _hold(vault.folders(root) == ["a", "c d", "é"], "an emptied folder is gone")


def copy_makes_a_second_object(vault: Vault, traits: VaultTraits) -> None:
    """Same bytes, own life: deleting the first leaves the second. A target that is there stays as it is."""
    folder = _fresh()
    vault.put(folder + "a", b"bytes")
    vault.put(folder + "taken", b"other")
    vault.copy(folder + "a", folder + "deep/b")
    _raises(ObjectExists, "copy onto a taken key", vault.copy, folder + "a", folder + "taken")
    _hold(vault.get(folder + "taken") == b"other", "the taken key is left as it was")
    vault.delete(folder + "a")
    _hold(vault.get(folder + "deep/b") == b"bytes", "the second object stays")
    _hold(_keys(vault, folder) == [folder + "deep/b", folder + "taken"], "the first one is gone")


def delete_may_be_repeated(vault: Vault, traits: VaultTraits) -> None:
    """It is no error when nothing is there, and a deleted key may be created again."""
    key = _fresh() + "x"
    vault.delete(key)
    vault.put(key, b"1")
    vault.delete(key)
    vault.delete(key)
    _raises(ObjectMissing, "get after delete", vault.get, key)
    vault.put(key, b"2")
    _hold(vault.get(key) == b"2", "a deleted key may be created again")


def odd_names_are_names(vault: Vault, traits: VaultTraits) -> None:
    """What is awkward in shells and URLs comes back under the same key and in listings."""
    folder = _fresh()
    for name in ODD_NAMES:
        vault.put(f"{folder}{name}/{name}", name.encode())
    for name in ODD_NAMES:
        _hold(vault.get(f"{folder}{name}/{name}") == name.encode(), f"{name!r} comes back")
        vault.copy(f"{folder}{name}/{name}", f"{folder}{name}/copy")
        _hold(vault.get(f"{folder}{name}/copy") == name.encode(), f"{name!r} may be copied")
    _hold(vault.folders(folder) == sorted(ODD_NAMES), "odd names are listed as folders")
    wanted = sorted(f"{folder}{name}/{last}" for name in ODD_NAMES for last in (name, "copy"))
    _hold(_keys(vault, folder) == wanted, "odd names are listed as keys")
    for key in wanted:
        vault.delete(key)
    _hold(_keys(vault, folder) == [], "odd names may be deleted")


def bad_keys_are_refused(vault: Vault, traits: VaultTraits) -> None:
    """ValueError from every verb, before anything happens."""
    folder = _fresh()
    vault.put(folder + "x", b"x")
    for key in BAD_KEYS:
        _raises(ValueError, f"put of {key!r}", vault.put, key, b"")
        _raises(ValueError, f"get of {key!r}", vault.get, key)
        _raises(ValueError, f"holds of {key!r}", vault.holds, key, b"")
        _raises(ValueError, f"copy from {key!r}", vault.copy, key, folder + "y")
        _raises(ValueError, f"copy to {key!r}", vault.copy, folder + "x", key)
        _raises(ValueError, f"delete of {key!r}", vault.delete, key)
    _hold(_keys(vault, folder) == [folder + "x"], "nothing came of it")


def its_url_is_a_line_without_secrets(vault: Vault, traits: VaultTraits) -> None:
    """`url` can be shown: one line, no login."""
    _hold(bool(vault.url) and "@" not in vault.url and vault.url.isprintable(), "the URL is fit to be shown")


VAULT_CONTRACT: tuple[Promise, ...] = (
    what_was_put_comes_back,
    a_large_object_comes_back,
    holds_compares_every_byte,
    a_missing_object_is_missing,
    put_creates_only,
    of_many_creators_one_wins,
    many_writers_of_many_keys,
    walk_goes_in_order_of_keys,
    folders_are_those_directly_below,
    copy_makes_a_second_object,
    delete_may_be_repeated,
    odd_names_are_names,
    bad_keys_are_refused,
    its_url_is_a_line_without_secrets,
)


def _fresh() -> str:
    return f"contract/{secrets.token_hex(6)}/"


def _keys(vault: Vault, prefix: str) -> list[str]:
    return [info.key for info in vault.walk(prefix)]


def _hold(condition: bool, promise: str) -> None:
    if not condition:
        raise AssertionError(f"not kept: {promise}")


def _raises(kind: type[Exception], promise: str, act: Callable[..., object], *arguments: object) -> None:
    try:
        act(*arguments)
    except kind:
        return
    raise AssertionError(f"not kept: {promise} raises {kind.__name__}")
