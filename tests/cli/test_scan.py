"""`outlive scan` as people and CI jobs call it: files, compressed ones, standard input; exit codes; no secret comes out."""

from __future__ import annotations

import gzip
import io
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from outlive.cli.main import run
from tests.cli.home import Done
from tests.cli.shapes import SHAPES, differences
from tests.leaks.samples import filled, phrase

pytestmark = pytest.mark.slow

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Scan = Callable[..., Done]

TOKEN = filled("ghp_{alnum:36}")
LEAK = f"starting\ntoken {TOKEN} used\n"
INTRUDER = "GET http://169.254.169.254/latest/meta-data/\n"
DICTIONARY = "BrokenBronzeBroomBrotherBrownBrushBubbleBuddy\n"


@pytest.fixture
def scan(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Scan:
    """Runs it in a folder of its own; `stdin` is what is piped into it."""
    monkeypatch.chdir(tmp_path)

    def call(*words: str, stdin: bytes = b"") -> Done:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = run(["scan", *words])
        out, err = capsys.readouterr()
        return Done(code, out, err)

    return call


def test_nothing_found_is_0(scan: Scan) -> None:
    Path("a.log").write_text("GET /health 200\n")
    done = scan("a.log")
    assert done.code == 0 and done.out.startswith("Nothing found in 16 B")


def test_a_leak_is_1_and_is_told_without_the_secret(scan: Scan) -> None:
    Path("a.log").write_text(LEAK)
    done = scan("a.log")
    assert done.code == 1 and "CRITICAL github-token" in done.out and "a.log:2:7" in done.out
    assert TOKEN[:8] not in done.out + done.err


def test_the_document_keeps_what_the_contract_says(scan: Scan) -> None:
    Path("a.log").write_text(LEAK * 2 + " ".join(phrase(random.Random(1))))
    done = scan("a.log", "--json")
    document = json.loads(done.out)
    assert not differences(document, SHAPES["scan"])
    assert done.code == 1 and document["bytes"] == Path("a.log").stat().st_size
    assert [(one["rule"], one["count"]) for one in document["findings"]] == [("github-token", 2), ("bip39-mnemonic", 1)]
    assert TOKEN not in done.out and document["verdict"] is None and document["rotate"] == []


def test_info_alone_is_well(scan: Scan) -> None:
    done = scan("-", stdin=DICTIONARY.encode())
    assert done.code == 0 and "INFO bip39-wordlist" in done.out


@pytest.mark.parametrize(("name", "pack"), [("a.gz", gzip.compress), ("a.zst", zstd.compress)])
def test_packed_files_are_unpacked(scan: Scan, name: str, pack: Callable[[bytes], bytes]) -> None:
    Path(name).write_bytes(pack(LEAK.encode()))
    document = json.loads(scan(name, "--json").out)
    assert document["bytes"] == len(LEAK) and document["findings"][0]["line"] == 2


@pytest.mark.parametrize(("name", "pack"), [("a.gz", gzip.compress), ("a.zst", zstd.compress)])
def test_one_that_is_cut_off_is_no_data_and_what_was_found_is_told(
    scan: Scan, name: str, pack: Callable[[bytes], bytes]
) -> None:
    noise = random.Random(2).randbytes(3 << 20)
    whole = pack(LEAK.encode() + noise)
    Path(name).write_bytes(whole[: len(whole) - 900_000])
    done = scan(name, "--json")
    document = json.loads(done.out)
    assert done.code == 3 and document["failed"][0]["file"] == name
    assert "github-token" in {finding["rule"] for finding in document["findings"]}
    Path(name).write_bytes(b"this is not packed")
    done = scan(name)
    assert done.code == 3 and "1 not read to the end" in done.out


def test_standard_input(scan: Scan) -> None:
    done = scan("-", stdin=LEAK.encode())
    assert done.code == 1 and "-:2:7" in done.out


def test_the_same_secret_in_two_files_has_one_fingerprint(scan: Scan) -> None:
    Path("a.log").write_text(LEAK)
    Path("b.log").write_text(f"elsewhere: {TOKEN}\n")
    found = json.loads(scan("a.log", "b.log", "--json").out)["findings"]
    assert [one["file"] for one in found] == ["a.log", "b.log"]
    assert found[0]["fingerprint"] == found[1]["fingerprint"]
    again = json.loads(scan("a.log", "--json").out)["findings"]
    assert again[0]["fingerprint"] != found[0]["fingerprint"]  # the key is drawn for each run


def test_a_file_that_is_not_there_keeps_nobody_from_the_others(scan: Scan) -> None:
    Path("a.log").write_text(LEAK)
    done = scan("none.log", "a.log")
    assert done.code == 3 and "github-token" in done.out
    assert "none.log: No such file or directory" in done.err and "cure:" in done.err


def test_a_folder_is_no_file(scan: Scan) -> None:
    Path("logs").mkdir()
    done = scan("logs")
    assert done.code == 3 and "Is a directory" in done.err


def test_wrong_calls_are_2(scan: Scan) -> None:
    assert scan().code == 2
    assert scan("-", "-").code == 2
    Path("a.log").write_text("x\n")
    done = scan("a.log", "--env-file", "none.env", "--json")
    assert done.code == 2 and json.loads(done.out)["exit_code"] == 2


# --- signs of compromise -----------------------------------------------------------------------------------------


def test_signs_of_compromise_ask_for_the_env_file(scan: Scan) -> None:
    done = scan("-", stdin=INTRUDER.encode())
    assert done.code == 1 and "POSSIBLE COMPROMISE" in done.out and "--env-file .env" in done.out


def test_with_it_they_give_a_list_of_what_to_change(scan: Scan) -> None:
    Path(".env").write_text("PORT=3000\nAUTH_SECRET=of-the-shop\nDATABASE_URL=postgres://app:of-the-shop@db/app\n")
    done = scan("-", "--env-file", ".env", "--json", stdin=INTRUDER.encode())
    document = json.loads(done.out)
    assert document["verdict"] == "possible compromise"
    assert [one["name"] for one in document["rotate"]] == ["DATABASE_URL", "AUTH_SECRET"]
    told = scan("-", "--env-file", ".env", stdin=INTRUDER.encode())
    assert told.out.index("[ ] DATABASE_URL") < told.out.index("[ ] AUTH_SECRET")
    assert "of-the-shop" not in done.out + told.out + told.err


def test_an_env_file_without_secrets_is_said_so(scan: Scan) -> None:
    Path(".env").write_text("PORT=3000\n")
    assert "by hand" in scan("-", "--env-file", ".env", stdin=INTRUDER.encode()).out


def test_a_leak_alone_is_no_compromise(scan: Scan) -> None:
    Path(".env").write_text("AUTH_SECRET=x\n")
    done = scan("-", "--env-file", ".env", stdin=LEAK.encode())
    assert "COMPROMISE" not in done.out and "AUTH_SECRET" not in done.out
