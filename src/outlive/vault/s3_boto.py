"""A boto3 client for what obstore lacks: versions, Object Lock, the bucket's own settings."""

from __future__ import annotations

from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from outlive.errors import OutliveError
from outlive.vault.s3_errors import Answer, meaning
from outlive.vault.s3_location import S3Location


def client(location: S3Location, *, anonymous: bool = False, attempts: int = 3) -> Any:
    """boto3's newer checksums break other stores than AWS (research: backup.md section 7), so: only when required."""
    return boto3.client(
        "s3",
        endpoint_url=location.endpoint,
        region_name=location.region,
        aws_access_key_id=location.access_key,
        aws_secret_access_key=location.secret_key,
        config=Config(
            signature_version=UNSIGNED if anonymous else "s3v4",
            s3={"addressing_style": "path" if location.path_style else "virtual"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            connect_timeout=10,
            read_timeout=60,
            retries={"total_max_attempts": attempts, "mode": "standard"},
        ),
    )


def code(error: ClientError) -> tuple[str, int]:
    """The store's code and the HTTP status."""
    status = int(error.response["ResponseMetadata"].get("HTTPStatusCode", 0))
    return str(error.response["Error"].get("Code", "")), status


def translated(error: ClientError | BotoCoreError, location: S3Location, what: str) -> OutliveError:
    """One of boto3's exceptions as ours."""
    if isinstance(error, ClientError):
        name, status = code(error)
        return meaning(
            Answer(status, name, location.without_secret(str(error.response["Error"].get("Message", "")))), what
        )
    return meaning(Answer(None, "", "the connection broke"), what)
