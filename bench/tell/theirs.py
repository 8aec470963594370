"""Prometheus, blackbox_exporter and Alertmanager, as people put them together, on the loopback."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from outlive.lab.ground.process import answers, end, free_port, wait_until

PROGRAMS = {
    "prometheus": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "prometheus-blackbox-exporter": "prometheus-blackbox-exporter",
}
_BLACKBOX = "modules:\n  page: {{prober: http, timeout: {timeout}s}}\n"
_RULES = """
groups:
  - name: page
    rules:
      - {{alert: PageFails, expr: probe_success == 0, for: {every}s}}
"""
_PROMETHEUS = """
global: {{scrape_interval: {every}s, scrape_timeout: {timeout}s, evaluation_interval: {every}s}}
rule_files: [{rules}]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ["127.0.0.1:{alertmanager}"]}}]}}]}}
scrape_configs:
  - job_name: page
    metrics_path: /probe
    params: {{module: [page], target: ["{page}"]}}
    static_configs: [{{targets: ["127.0.0.1:{blackbox}"]}}]
"""
_ALERTMANAGER = """
route: {{receiver: hook, group_wait: {group}s, group_interval: {group}s, repeat_interval: 4h}}
receivers: [{{name: hook, webhook_configs: [{{url: "{hook}", send_resolved: true}}]}}]
"""


class Theirs:
    """Running until `close`."""

    def __init__(self, folder: Path, page: str, hook: str, *, every: int, group: int) -> None:
        ports = {name: free_port() for name in ("prometheus", "alertmanager", "blackbox")}
        values = {"every": every, "timeout": every - 1, "group": group, "page": page, "hook": hook, **ports}
        texts = {"blackbox": _BLACKBOX, "rules": _RULES, "alertmanager": _ALERTMANAGER, "prometheus": _PROMETHEUS}
        files = {name: folder / f"{name}.yml" for name in texts}
        for name, text in texts.items():
            files[name].write_text(text.format(**values, rules=files["rules"]))
        at = "--web.listen-address=127.0.0.1:{}"
        words = {
            "blackbox": ["prometheus-blackbox-exporter", f"--config.file={files['blackbox']}"],
            "alertmanager": ["prometheus-alertmanager", f"--config.file={files['alertmanager']}",
                             f"--storage.path={folder / 'am'}", "--cluster.listen-address="],
            "prometheus": ["prometheus", f"--config.file={files['prometheus']}", f"--storage.tsdb.path={folder / 'db'}"],
        }  # fmt: skip
        self._log = (folder / "theirs.log").open("wb")
        self._running = [
            subprocess.Popen([*one, at.format(ports[name])], stdout=self._log, stderr=self._log, cwd=folder)
            for name, one in words.items()
        ]
        for name, port in ports.items():
            wait_until(lambda port=port: answers(port), name, 30)  # type: ignore[misc]
        time.sleep(2 * every)  # until the first scrape was evaluated

    def close(self) -> None:
        for process in self._running:
            end(process)
        self._log.close()
