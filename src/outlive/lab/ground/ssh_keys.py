"""SSH keys made for one lab or test, and the client configuration that uses them and nothing of the person's own."""

from __future__ import annotations

from pathlib import Path

from outlive.lab.ground.process import program, run


def make_key(path: Path) -> Path:
    """A fresh ed25519 key pair at `path` and `path.pub`, replacing what was there."""
    path.unlink(missing_ok=True)
    path.with_suffix(".pub").unlink(missing_ok=True)
    tool = program("ssh-keygen", package="openssh-client")
    run([tool, "-q", "-t", "ed25519", "-N", "", "-C", "outlive-test", "-f", path])
    return path


def client_config(name: str, host: str, port: int, user: str, identity: Path, known_hosts: Path) -> str:
    """The part of an ssh_config that is for this host."""
    return f"""\
Host {name}
  HostName {host}
  Port {port}
  User {user}
  IdentityFile {identity}
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile {known_hosts}
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  ConnectTimeout 10
"""
