"""Gauges: what is known has a sample, what is not has none, and Prometheus can read them."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from outlive.cli.main import run
from outlive.monitoring.openmetrics import Told, render
from tests.keeper.homes import home
from tests.world import packages
from tests.world.need import need

NOON = datetime(2026, 2, 7, 12, tzinfo=UTC)
LABELS = 'asset="db",kind="postgres",host="web-1"'


def asset(**more: Any) -> dict[str, Any]:
    return {
        "asset": "db",
        "kind": "postgres",
        "host": "web-1",
        "loss": {"seconds": 2.125, "everything": False, "bytes_at_risk": 16384},
        "last_copy": {"at": NOON, "proof": "restored"},
        "last_drill": {"at": NOON, "ok": True, "rto_seconds": 41.0},
        "alarms": [],
        **more,
    }


CRONS = [{"cron": "report", "state": "down", "last_at": NOON}, {"cron": "other", "state": "unknown", "last_at": None}]


REHEARSED = {
    "rehearsals": [{"host": "web-1", "at": NOON, "rto_seconds": 720.0}],
    "rehearsal_plan": [{"host": "web-1", "late": True, "failed": None}],
}


def document(*assets: dict[str, Any], **more: Any) -> dict[str, Any]:
    host = {"host": "web-1", "verdict": "same_machine_ok", "confirmed": True, "seen_at": NOON}
    blind = [{"to": NOON}, {"to": NOON - timedelta(hours=1)}]
    return {"at": NOON, "assets": list(assets), "hosts": [host], "blind": blind, "crons": CRONS, **REHEARSED, **more}


def test_what_is_known_is_told() -> None:
    text = render(document(asset()), Told(NOON, 2, {"phone": False}, {"db": 90000.0}))
    for line in (
        f"outlive_loss_seconds{{{LABELS}}} 2.125",
        f"outlive_loss_allowed_seconds{{{LABELS}}} 90000",
        f"outlive_at_risk_bytes{{{LABELS}}} 16384",
        f'outlive_copy_proof{{{LABELS},proof="restored"}} 1',
        f"outlive_drill_ok{{{LABELS}}} 1",
        'outlive_host_verdict{host="web-1",verdict="same_machine_ok",confirmed="true"} 1',
        "outlive_keeper_told_timestamp_seconds 1770465600",
        "outlive_incidents_open 2",
        'outlive_channel_reaches{channel="phone"} 0',
        "outlive_blind 1",
        'outlive_cron_missing{cron="report"} 1',
        'outlive_cron_timestamp_seconds{cron="report"} 1770465600',
        'outlive_rehearsal_rto_seconds{host="web-1"} 720',
        'outlive_rehearsal_timestamp_seconds{host="web-1"} 1770465600',
        'outlive_rehearsal_bad{host="web-1"} 1',
    ):
        assert f"{line}\n" in text, line
    assert text.endswith("# EOF\n") and 'cron="other"' not in text


def test_what_is_not_known_has_no_sample() -> None:
    nothing = {"seconds": None, "everything": True, "bytes_at_risk": None}
    text = render(document(asset(loss=nothing, last_copy=None, last_drill=None)), Told())
    assert f"outlive_loss_everything{{{LABELS}}} 1\n" in text
    for name in ("loss_seconds", "at_risk", "copy_", "drill_", "rto_", "keeper_told", "channel_"):
        assert f"outlive_{name}" not in text


def test_names_with_marks_are_escaped() -> None:
    assert 'asset="a\\"b\\\\c\\nd"' in render(document(asset(asset='a"b\\c\nd')), Told())


@pytest.mark.slow
def test_prometheus_reads_what_the_command_prints(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    need("prometheus", lambda: packages.install({"promtool": "prometheus"}))
    config = str(home(tmp_path / "home"))
    assert run(["backup", "--config", config]) == 0
    capsys.readouterr()
    assert run(["metrics", "--config", config]) == 0
    text = capsys.readouterr().out
    assert 'outlive_copy_proof{asset="files",kind="path",host="here",proof="stored"} 1' in text
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    out = tmp_path / "outlive.prom"
    assert run(["metrics", "--out", str(out), "--config", config]) == 0 and "outlive_loss_seconds" in out.read_text()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    assert run(["metrics", "--out", str(tmp_path / "none/x.prom"), "--config", config]) == 2
