"""Which OpenTofu resources hold data, and which of their changes wipe it although they are called updates. Pure.

A kind that nobody listed is judged by its name: providers call servers, disks and databases what they are. What only ties
things together (an attachment, a rule, a key) holds nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from outlive.commands.tofu import Change
from outlive.recovery.gate import Target

_HOLD = re.compile(
    "servers?|instance|droplet|vm|vps|machine|host|volume|disk|storage|filesystem|nfs|share|bucket|database|db|sql|"
    "postgres|postgresql|mysql|mariadb|mongodb|redis|rds|ebs|efs|cluster|snapshot|backup"
)
_TIE = re.compile(
    "attachment|association|policy|rule|record|keys?|acl|alarm|group|subnet|network|profile|template|membership|"
    "interface|firewall|user|grant|role|permission|binding|parameter|certificate|listener|target|notification|script|"
    "pool|proxy|endpoint|alert|options?"
)
_ALSO = frozenset({"libvirt_domain", "google_compute_disk", "kubernetes_persistent_volume_claim"})

# In-place updates that reinstall the machine. CherryServers: "The reinstall will be triggered even if Terraform reports an
# in-place update" (provider documentation; research/incident-and-provider.md 4.1), where `allow_reinstall` is set.
_REINSTALL = {"cherryservers_server": ("allow_reinstall", ("image", "ssh_key_ids", "os_partition_size", "user_data"))}
_IMAGE = frozenset({"image", "image_id", "os", "os_id", "os_template", "template", "template_id", "deployed_image"})
_MACHINE = re.compile("server|instance|droplet|vm|vps|machine|host|domain")
_NAMES = ("hostname", "name", "display_name", "label")
_ADDRESSES = ("ip_addresses", "ipv4_address", "public_ip", "main_ip", "ip", "ip_address", "access_ip_v4", "ipv4")


def holds_data(kind: str) -> bool:
    """Whether something is lost when a resource of this type is destroyed."""
    words = kind.split("_")[1:]
    return kind in _ALSO or (bool(words) and not _TIE.fullmatch(words[-1]) and any(map(_HOLD.fullmatch, words)))


def wiped_by(change: Change) -> tuple[str, ...]:
    """The attributes whose update in place reinstalls the machine; empty when none does."""
    if change.type in _REINSTALL:
        switch, attributes = _REINSTALL[change.type]
        allowed = change.after.get(switch) is True or switch in change.unknown
        return tuple(name for name in attributes if allowed and name in change.changed)
    if not any(map(_MACHINE.fullmatch, change.type.split("_")[1:])) or not holds_data(change.type):
        return ()
    return tuple(sorted(_IMAGE & change.changed))


def described(change: Change) -> str:
    """The id, name and addresses of what is there now, as the plan knows them: what a person must compare."""
    found = [f"id {change.before['id']}"] if isinstance(change.before.get("id"), str | int) else []
    found += [str(change.before[name]) for name in _NAMES if isinstance(change.before.get(name), str)][:1]
    addresses = list(dict.fromkeys(_addresses(change.before)))
    return ", ".join([*found, *([f"at {' and '.join(addresses)}"] if addresses else [])]) or "unnamed"


def target_of(change: Change) -> Target | None:
    """What is there now by all the names that the gate wants; None when the plan does not tell one of them."""
    id, name, address = change.before.get("id"), name_in(change.before), address_in(change.before)
    return Target(str(id), address, name) if isinstance(id, str | int) and name and address else None


def name_in(attributes: Mapping[str, Any]) -> str | None:
    """What the provider calls it, of a resource's attributes."""
    return next((attributes[one] for one in _NAMES if isinstance(attributes.get(one), str)), None)


def address_in(attributes: Mapping[str, Any]) -> str | None:
    """The first address by which it is reached."""
    return next(_addresses(attributes), None)


def _addresses(attributes: Mapping[str, Any]) -> Iterator[str]:
    for name in _ADDRESSES:
        value = attributes.get(name)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict) and "private" in str(one.get("type", "")):
                continue
            address = one.get("address") if isinstance(one, dict) else one
            if isinstance(address, str) and address:
                yield address
