"""The plan that lies beside a lab, as a CI job leaves it for `outlive plan-guard`: of web-1, in the workspace `production`.

It is written by us in the shape in which OpenTofu 1.6.2 prints one (tests hold it against recorded ones), because a lab has
no OpenTofu. As with the production that Outlive comes from, `allow_reinstall` is set (research/incident-and-provider.md
1.4).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from outlive.lab.record import PREVIEW, WEB

FOLDER, PLAN = "infra", "plan.json"
PRODUCTION = "production"
_VALUES = {PRODUCTION: (WEB, 13001), PREVIEW: (PREVIEW, 13002)}  # hostname, key
_ADDRESS = "cherryservers_server.web"


def write(lab: Path, server_id: int, address: str, values_of: str = PRODUCTION) -> Path:
    """Plans web-1 with the values of that environment, in the workspace `production`; the plan's file."""
    folder = lab / FOLDER
    (folder / ".terraform").mkdir(parents=True, exist_ok=True)
    (folder / ".terraform/environment").write_text(PRODUCTION)
    now, then = (_attributes(server_id, address, one) for one in (PRODUCTION, values_of))
    (folder / PLAN).write_text(json.dumps(plan(now, then, values_of), indent=1))
    return folder / PLAN


def plan(before: dict[str, Any], after: dict[str, Any], environment: str) -> dict[str, Any]:
    """PURE. The document of a plan that makes the server so; of an update in place where anything differs."""
    one = {
        "address": _ADDRESS,
        "mode": "managed",
        "type": "cherryservers_server",
        "name": "web",
        "provider_name": "registry.opentofu.org/cherryservers/cherryservers",
    }
    change = {
        "actions": ["no-op" if before == after else "update"],
        "before": before,
        "after": after,
        "after_unknown": {},
        "before_sensitive": {"ssh_key_ids": [False]},
        "after_sensitive": {"ssh_key_ids": [False]},
    }
    return {
        "format_version": "1.2",
        "terraform_version": "1.6.2",
        "variables": {"environment": {"value": environment}},
        "planned_values": {"root_module": {"resources": [{**one, "schema_version": 0, "values": after}]}},
        "resource_changes": [{**one, "change": change}],
        "errored": False,
    }


def _attributes(server_id: int, address: str, environment: str) -> dict[str, Any]:
    hostname, key = _VALUES[environment]
    return {
        "allow_reinstall": True,
        "hostname": hostname,
        "id": str(server_id),
        "image": "debian_12_64bit",
        "ip_addresses": [{"address": address, "type": "primary-ip"}],
        "plan": "cloud_vps_1",
        "ssh_key_ids": [str(key)],
        "state": "active",
    }
