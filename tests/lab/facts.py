"""What anybody can find out about the lab from outside: through SSH, HTTP, DNS and the provider's API. No code of ours that
judges, and no back door."""

from __future__ import annotations

import hashlib
import json
import socket
import struct
import subprocess
import time
import urllib.error
import urllib.request
from typing import Any

from outlive.lab.visit import Page, visit
from outlive.lab.world import PAGES, Lab

_QUESTIONS = {
    "machine_id": "cat /etc/machine-id",
    "boot_id": "cat /proc/sys/kernel/random/boot_id",
    "boot_time": "awk '/^btime/ {print $2}' /proc/stat",
    "dmi_uuid": "cat /sys/class/dmi/id/product_uuid",
    "root_fs_uuid": "findmnt -no UUID /",
    "instance_id": "cat /var/lib/cloud/data/instance-id",
    "docker_engine_id": "docker info -f '{{.ID}}'",
    "hostname": "hostname",
    "volumes": "docker volume ls -q | sort | xargs",
}


def ssh(lab: Lab, address: str, command: str) -> subprocess.CompletedProcess[str]:
    """Whatever its host key; never with a prompt."""
    options = ("BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "ConnectTimeout=60")
    words = ["ssh", "-F", "/dev/null", "-i", str(lab.folder / "identity"), *(f"-o{one}" for one in options)]
    return subprocess.run([*words, f"root@{address}", command], capture_output=True, text=True, timeout=120)


def host_key(lab: Lab, address: str) -> str:
    """The key that it proved to have in a finished key exchange, whether or not it then let us in."""
    known = lab.folder / "seen_hosts"
    known.unlink(missing_ok=True)
    options = ("BatchMode=yes", "StrictHostKeyChecking=accept-new", f"UserKnownHostsFile={known}", "HashKnownHosts=no")
    words = ["ssh", "-F", "/dev/null", *(f"-o{one}" for one in (*options, "ConnectTimeout=60"))]
    subprocess.run([*words, f"root@{address}", "true"], capture_output=True, timeout=120)
    return known.read_text().split()[2] if known.exists() else ""


def answers(address: str) -> bool:
    """Whether anything there takes a connection for SSH."""
    try:
        socket.create_connection((address, 22), timeout=3).close()
    except OSError:
        return False
    return True


def inside(lab: Lab, address: str) -> dict[str, str]:
    """What the machine at that address says of itself."""
    script = "; ".join(f"printf '{name}='; {question}" for name, question in _QUESTIONS.items())
    said = ssh(lab, address, script).stdout
    return dict(line.split("=", 1) for line in said.splitlines() if "=" in line)


def sql(lab: Lab, address: str, query: str, service: str = "db", database: str = "shop") -> str:
    return ssh(
        lab, address, f'docker exec shop-{service}-1 psql -XAtqU postgres -d {database} -c "{query}"'
    ).stdout.strip()


def page(lab: Lab, address: str, path: str = "/", host: str = "web-1", patience_seconds: float = 60) -> Page:
    return visit(address, PAGES[host], path, lab.authority / "root.crt", patience_seconds)


def silent(lab: Lab, address: str, path: str = "/", host: str = "web-1") -> bool:
    """Whether nothing comes back for three seconds."""
    return "timed out" in page(lab, address, path, host, patience_seconds=3).error


def leaf(lab: Lab, address: str, host: str = "web-1") -> str:
    """A digest of the certificate that is shown there."""
    return hashlib.sha256(page(lab, address, "/readyz", host).leaf).hexdigest()


def provider(lab: Lab, path: str, token: str | None = None) -> tuple[int, Any]:
    """Status and document of `GET /v1/<path>`, asked again when we asked too often."""
    token = token or (lab.folder / "provider-token").read_text().strip()
    url = f"{lab.record.provider_url}/{path}"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        if refusal.code == 429:
            time.sleep(float(refusal.headers["Retry-After"]))
            return provider(lab, path, token)
        return refusal.code, json.load(refusal)


def dns(server: str, name: str) -> list[str]:
    """The addresses that this server has for the name, asked by UDP. Raises TimeoutError when it is silent."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    question = struct.pack(">HHHHHH", 4711, 0, 1, 0, 0, 0) + labels + struct.pack(">HH", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        channel.settimeout(3)
        channel.sendto(question, (server, 53))
        answer = channel.recv(4096)
    count, at, found = struct.unpack(">H", answer[6:8])[0], len(question), []
    for _ in range(count):  # the name of each answer is a pointer to the question's: two bytes
        kind, _, _, length = struct.unpack(">HHIH", answer[at + 2 : at + 12])
        if kind == 1:
            found.append(socket.inet_ntoa(answer[at + 12 : at + 12 + length]))
        at += 12 + length
    return found
