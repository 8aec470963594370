"""The files for Loki and Alloy, by their form and by Grafana's own grammar: neither program can be had where these tests
run."""

from __future__ import annotations

import re

import pytest
import yaml

from outlive.cli.main import run
from tests.world import logql
from tests.world.need import need

LABELS = {"host", "machine", "boot", "project", "service", "stream"}


def printed(what: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert run(["rules", what]) == 0
    return capsys.readouterr().out


def test_each_rule_says_what_is_so_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    (group,) = yaml.safe_load(printed("loki", capsys))["groups"]
    assert len({one["alert"] for one in group["rules"]}) == len(group["rules"]) >= 7
    for one in group["rules"]:
        assert set(one) <= {"alert", "expr", "for", "labels", "annotations"}
        assert set(one["annotations"]) == {"summary", "action"}
        assert one["labels"]["severity"] in ("warning", "critical")


@pytest.mark.slow
def test_each_rule_is_logql(capsys: pytest.CaptureFixture[str]) -> None:
    (group,) = yaml.safe_load(printed("loki", capsys))["groups"]
    asked = [one["expr"] for one in group["rules"]]
    assert need("tofu", lambda: logql.broken(asked)) == [[]] * len(asked)
    assert all(logql.broken([one.removesuffix("0").replace(")", "", 1) for one in asked[1:]]))


def test_rules_ask_only_for_labels_that_alloy_puts_on(capsys: pytest.CaptureFixture[str]) -> None:
    (group,) = yaml.safe_load(printed("loki", capsys))["groups"]
    for one in group["rules"]:
        asked = set(re.findall(r"[{,] *([a-z_]+) *=~?", one["expr"]))
        for names in re.findall(r"by \(([^)]*)\)", one["expr"]):
            asked |= {name.strip() for name in names.split(",")}
        assert asked and asked <= LABELS, one["alert"]
        assert set(re.findall(r"\$labels\.([a-z]+)", str(one["annotations"]))) <= asked, one["alert"]
        assert one["expr"].count("(") == one["expr"].count(")")


def test_every_line_has_its_machine_and_boot(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed("alloy", capsys)
    put_on = set(re.findall(r'target_label +  *= "([a-z]+)"', text)) | set(
        re.findall(r'^    "([a-z]+)" +=', text, re.M)
    )
    assert put_on == LABELS
    bare = re.sub(r"//.*|\"[^\"]*\"", "", text)
    assert all(bare.count(a) == bare.count(b) for a, b in ("{}", "[]", "()"))
    named = set(re.findall(r"^([a-z.]+) \"([a-z]+)\" {", text, re.M))
    used = re.findall(r"\b((?:local|discovery|loki)\.[a-z]+)\.([a-z]+)\.", bare)
    assert used and set(used) <= named
