"""`outlive plan-guard` as a CI job calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from outlive.cli.main import run

RECORDED = Path(__file__).parents[1] / "recorded/tofu"


def called(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = run(["plan-guard", *words])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_a_dangerous_plan_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = called(capsys, str(RECORDED / "tainted.json"), "--json")
    document = json.loads(out)
    assert code == 4 and document["refused"] is True
    assert [set(reason) for reason in document["reasons"]] == [{"address", "action", "why", "cure"}]
    code, out, _ = called(capsys, str(RECORDED / "tainted.json"))
    assert code == 4 and out.startswith("REFUSED: do not apply this plan (1).") and "not-to-be-printed" not in out


def test_a_harmless_one_is_not_and_claims_no_more_than_it_saw(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = called(capsys, str(RECORDED / "no-changes.json"))
    assert code == 0 and "A plan cannot see a wiped disk" in out
    assert json.loads(called(capsys, str(RECORDED / "no-changes.json"), "--json")[1]) == {
        "refused": False,
        "reasons": [],
    }


def test_the_workspace_is_found_where_it_was_planned(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = tmp_path / "plan.json"
    plan.write_bytes((RECORDED / "no-changes.json").read_bytes())
    (tmp_path / ".terraform").mkdir()
    (tmp_path / ".terraform/environment").write_text("preview")
    assert called(capsys, str(plan))[0] == 4
    monkeypatch.setenv("TF_WORKSPACE", "production")
    assert called(capsys, str(plan))[0] == 0
    assert called(capsys, str(plan), "--workspace", "preview")[0] == 4


def test_what_cannot_be_read_is_never_well(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert called(capsys, str(tmp_path / "none.json"))[0] == 2
    code, _, err = called(capsys, str(RECORDED / "state.json"))
    assert code == 3 and "a state, not a plan" in err
    broken = json.loads((RECORDED / "no-changes.json").read_text()) | {"errored": True}
    (tmp_path / "broken.json").write_text(json.dumps(broken))
    assert called(capsys, str(tmp_path / "broken.json"))[0] == 3
