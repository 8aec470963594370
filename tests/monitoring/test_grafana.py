"""The dashboard: it asks for gauges that there are, in words that Prometheus understands. There is no Grafana here."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from outlive.cli.main import run
from outlive.monitoring.openmetrics import Told, render
from tests.monitoring.test_openmetrics import NOON, asset, document
from tests.world import packages
from tests.world.need import need


@pytest.fixture
def panels(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    assert run(["rules", "grafana"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["panels"]
    return found


def asked(panels: list[dict[str, Any]]) -> list[str]:
    return [target["expr"] for panel in panels for target in panel["targets"]]


def test_it_asks_for_every_gauge_and_no_other(panels: list[dict[str, Any]]) -> None:
    text = render(document(asset()), Told(NOON, 2, {"phone": True}, {"db": 1.0}))
    told = set(re.findall(r"^(outlive_[a-z_]+)", text, re.M))
    wanted = set(re.findall(r"outlive_[a-z_]+", " ".join(asked(panels))))
    left_out = {"outlive_copy_proof", "outlive_host_seen_timestamp_seconds", "outlive_metrics_timestamp_seconds"}
    assert wanted == told - left_out - {"outlive_cron_timestamp_seconds"}


def test_labels_in_legends_are_those_of_the_gauge(panels: list[dict[str, Any]]) -> None:
    text = render(document(asset()), Told(NOON, 2, {"phone": True}, {"db": 1.0}))
    for panel in panels:
        for target in panel["targets"]:
            (gauge,) = re.findall(r"outlive_[a-z_]+", target["expr"])
            (line,) = (one for one in text.splitlines() if one.startswith(f"{gauge}{{") or one.startswith(f"{gauge} "))
            assert all(f'{label}="' in line for label in re.findall(r"{{(\w+)}}", target["legendFormat"])), panel[
                "title"
            ]


def test_panels_lie_side_by_side(panels: list[dict[str, Any]]) -> None:
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells)) and max(x for x, _ in cells) < 24
    assert len({panel["id"] for panel in panels}) == len(panels)


@pytest.mark.slow
def test_prometheus_understands_them(panels: list[dict[str, Any]], tmp_path: Path) -> None:
    need("prometheus", lambda: packages.install({"promtool": "prometheus"}))
    rules = [{"record": f"outlive:panel:{number}", "expr": one} for number, one in enumerate(asked(panels))]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    done = subprocess.run(["promtool", "check", "rules", "rules.yml"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
