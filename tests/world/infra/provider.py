"""A provider for OpenTofu and Terraform that behaves as CherryServers' own does (version 1.5.1; its code is read in
research/incident-and-provider.md 4.1), and asks our fake of their API. Started by them, not by us.

What matters of it: reading takes what the API says, and a server that is gone leaves the state; addresses, state and power
are only ever read; an update of image, keys, user data or partition *reinstalls*; without an API it breaks down.
"""

from __future__ import annotations

import base64
import json
import os
import time
import urllib.error
import urllib.request
from typing import Any

from tf import runner
from tf import types as t
from tf.schema import Attribute, Schema

REINSTALL = ("image", "ssh_key_ids", "user_data", "os_partition_size")


def ask(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """None for what is not there. Anything else that is wrong ends the whole program, as with the real one."""
    content = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {os.environ['CHERRY_AUTH_TOKEN']}", "Content-Type": "application/json"}
    request = urllib.request.Request(os.environ["CHERRY_API"] + path, content, headers, method=method)
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            return json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise


def attribute(name: str, kind: Any = None, **more: Any) -> Attribute:
    return Attribute(name, kind or t.String(), **more)


class Server:
    def __init__(self, provider: Any) -> None:
        """Of one provider there is one project."""

    @classmethod
    def get_name(cls) -> str:
        return "server"

    @classmethod
    def get_schema(cls) -> Schema:
        return Schema(
            attributes=[
                attribute("id", computed=True),
                attribute("hostname", required=True),
                attribute("plan", required=True, requires_replace=True),
                attribute("project_id", t.Number(), required=True, requires_replace=True),
                attribute("region", required=True, requires_replace=True),
                attribute("image", required=True),
                attribute("ssh_key_ids", t.List(t.String()), required=True),
                attribute("user_data", optional=True, sensitive=True),
                attribute("os_partition_size", t.Number(), optional=True),
                attribute("allow_reinstall", t.Bool(), optional=True),
                attribute("ip_addresses", t.List(t.String()), computed=True),
                attribute("state", computed=True),
                attribute("power_state", computed=True),
            ]
        )

    def validate(self, diagnostics: Any, name: str, config: Any) -> None:
        """Everything is good."""

    def create(self, context: Any, planned: dict[str, Any]) -> dict[str, Any]:
        body = {"hostname": planned["hostname"], "image": planned["image"]}
        body["ssh_keys"] = [int(one) for one in planned["ssh_key_ids"]]
        body["user_data"] = base64.b64encode((planned["user_data"] or "").encode()).decode()
        project = f"/projects/{int(planned['project_id'])}/servers"
        made = ask("POST", project, body)
        state = made["state"]
        while state == "provisioning":
            time.sleep(0.2)
            state = next((one["state"] for one in ask("GET", project) if one["id"] == made["id"]), state)
        return {**planned, **self._read(str(made["id"])), "ssh_key_ids": planned["ssh_key_ids"]}

    def read(self, context: Any, current: dict[str, Any]) -> dict[str, Any] | None:
        found = self._read(current["id"])
        return {**current, **found} if found and found["state"] != "terminating" else None

    def import_(self, context: Any, identity: str) -> dict[str, Any] | None:
        """What only the configuration knows stays unknown."""
        found = self._read(identity)
        return {"user_data": None, "os_partition_size": None, "allow_reinstall": None, **found} if found else None

    def update(self, context: Any, current: dict[str, Any], planned: dict[str, Any]) -> dict[str, Any]:
        where = f"/servers/{current['id']}"
        if planned["hostname"] != current["hostname"]:
            ask("PUT", where, {"hostname": planned["hostname"]})
        if any(planned[name] != current[name] for name in REINSTALL):
            if not planned["allow_reinstall"]:
                raise ValueError("allow_reinstall is not set")
            body = {"type": "reinstall", "password": "of-the-tests", "image": planned["image"]}
            ask("POST", f"{where}/actions", body | {"ssh_keys": planned["ssh_key_ids"]})
        return {**planned, **self._read(current["id"])}

    def delete(self, context: Any, current: dict[str, Any]) -> None:
        ask("DELETE", f"/servers/{current['id']}")

    def plan(self, context: Any, current: dict[str, Any] | None, planned: dict[str, Any]) -> dict[str, Any]:
        return planned

    def upgrade(self, context: Any, version: int, old: dict[str, Any]) -> dict[str, Any]:
        return old

    def _read(self, identity: str) -> dict[str, Any]:
        found = ask("GET", f"/servers/{identity}?fields=all,power")
        if found is None:
            return {}
        return {
            "id": str(found["id"]),
            "hostname": found["hostname"],
            "plan": found["plan"]["slug"],
            "project_id": found["project"]["id"],
            "region": found["region"]["slug"],
            "image": found["deployed_image"]["slug"],
            "ssh_key_ids": [str(one["id"]) for one in found["ssh_keys"]],
            "ip_addresses": [one["address"] for one in found["ip_addresses"]],
            "state": found["state"],
            "power_state": found["power"],
        }


class Provider:
    def get_model_prefix(self) -> str:
        return "cherryservers_"

    def get_provider_schema(self, diagnostics: Any) -> Schema:
        return Schema(attributes=[])

    def full_name(self) -> str:
        return "example.test/tests/cherryservers"

    def validate_config(self, diagnostics: Any, config: Any) -> None:
        """Everything is good."""

    def configure_provider(self, diagnostics: Any, config: Any) -> None:
        """The environment says all."""

    def get_data_sources(self) -> list[Any]:
        return []

    def get_resources(self) -> list[Any]:
        return [Server]

    def get_functions(self) -> list[Any]:
        return []

    def new_resource(self, kind: Any) -> Any:
        return kind(self)

    new_data_source = new_function = new_resource


if __name__ == "__main__":
    runner.run_provider(Provider())  # type: ignore[arg-type]
