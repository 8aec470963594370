"""What a new machine is told at its first boot: who it is. PURE. Keys: cloudinit.readthedocs.io, module "SSH".

The host key is made here and injected, so that the machine's identity is known before it answers for the first time. The
provider sees that key, and so does everybody on the machine who may read its user data: a person may make the machine
another one when all is well, and enrol that.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

LIMIT_BYTES = 16 << 10  # of user data, with the providers that we know; Hetzner has 32 KiB


def user_data(private: str, public: str, authorized: Sequence[str] = ()) -> str:
    """`private` is an OpenSSH private key, `public` its line. JSON is YAML, and quotes by itself. Raises ValueError."""
    told: dict[str, Any] = {
        "ssh_deletekeys": True,
        "ssh_genkeytypes": ["ed25519"],
        "ssh_keys": {"ed25519_private": private, "ed25519_public": public},
        "disable_root": False,
    }
    if authorized:
        told["ssh_authorized_keys"] = list(authorized)
    text = "#cloud-config\n" + json.dumps(told, indent=1) + "\n"
    if len(text.encode()) > LIMIT_BYTES:
        raise ValueError(f"the user data would be larger than {LIMIT_BYTES >> 10} KiB")
    return text
