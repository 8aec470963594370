"""Three real S3 servers that differ where it matters: conditional writes, retention, checksums.

| server | `If-None-Match: *` on an existing key | Object Lock, versioning | start |
|---|---|---|---|
| CephGateway | 412, as AWS | both | 15 s |
| Rclone | ignored: overwrites | neither | 1 s |
| Swift | 501, nothing written | versioning only | 4 s |
"""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import boto3
from botocore.config import Config

from outlive.lab.ground import wheels
from outlive.lab.ground.process import answers, end, free_port, wait_until
from outlive.lab.ground.server import Server
from tests.world import images, ledger
from tests.world.docker import DockerEngine


class S3Server(Server):
    """What the three have in common. `start()` (or `with`), `bucket()`, `close()`."""

    region = "us-east-1"
    endpoint = ""

    def __init__(self) -> None:
        self.access_key = f"AK{secrets.token_hex(9).upper()}"
        self.secret_key = secrets.token_hex(20)

    def client(self, **settings: Any) -> Any:
        """A boto3 client for it; `settings` go into botocore's Config."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name=self.region,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                **settings,
            ),
        )

    def bucket(self, **settings: Any) -> str:
        """The name of a fresh bucket; `settings` go to create_bucket (ObjectLockEnabledForBucket=True)."""
        name = f"test-{secrets.token_hex(5)}"
        self.client().create_bucket(Bucket=name, **settings)
        return name

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """All keys in the bucket, in order."""
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


class ContainerS3(S3Server):
    """One that lives in a container of `image`."""

    image: Callable[[DockerEngine], str]
    port = 0

    def __init__(self, engine: DockerEngine) -> None:
        super().__init__()
        self.engine = engine
        self.container = ""

    def start(self) -> Self:
        image = type(self).image(self.engine)
        keys = ["--env", f"ACCESS_KEY={self.access_key}", "--env", f"SECRET_KEY={self.secret_key}"]
        self.container = self.engine.run(image, options=keys)
        self.engine.wait_for_log(self.container, "READY", seconds=120)
        self.endpoint = f"http://{self.engine.address(self.container)}:{self.port}"
        return self

    def stop(self) -> None:
        """Gone, with all it stored: it keeps its objects in memory or in the container."""
        if self.container:
            self.engine.remove(self.container)
            self.container = ""

    def close(self) -> None:
        self.stop()


class CephGateway(ContainerS3):
    image = images.ceph
    port = 7480


class Swift(ContainerS3):
    image = images.swift
    port = 8080

    def __init__(self, engine: DockerEngine) -> None:
        super().__init__(engine)
        self.access_key = "test:outlive"


class Rclone(S3Server):
    """`rclone serve s3` over a folder on this machine; needs neither Docker nor root."""

    def __init__(self) -> None:
        super().__init__()
        self.home: Path | None = None
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        if not self.endpoint:
            self.home = ledger.new_directory("rclone")
            self.data = self.home / "data"
            self.data.mkdir()
            self.port = free_port()
            self.endpoint = f"http://127.0.0.1:{self.port}"
        words = ["serve", "s3", "--addr", f"127.0.0.1:{self.port}", "--vfs-cache-mode", "off"]
        words += ["--auth-key", f"{self.access_key},{self.secret_key}", "--config", "/dev/null", str(self.data)]
        with (self.home / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [wheels.program(wheels.RCLONE, "rclone"), *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        ledger.note_process(self.process.pid)
        wait_until(lambda: answers(self.port), "rclone")
        return self

    def stop(self) -> None:
        """What was stored stays; `start()` serves it again at the same endpoint."""
        if self.process is not None:
            end(self.process)
            self.process = None

    def close(self) -> None:
        self.stop()
        ledger.discard(self.home)
        self.home = None
