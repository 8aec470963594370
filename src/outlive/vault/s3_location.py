"""Where a vault in object storage is, and with which keys. PURE."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Location:
    """A bucket and a folder in it. `prefix` is "" or ends in "/".

    `endpoint` None means AWS. `access_key` None leaves the search for credentials to the client (environment,
    container, instance role). The secret is in no repr.
    """

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    region: str = "us-east-1"
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    path_style: bool = True

    @property
    def url(self) -> str:
        """`s3://bucket/prefix`, as people write it."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    @property
    def plain_http(self) -> bool:
        """Whether everything goes unencrypted; only an endpoint that says `http://` brings that about."""
        return self.endpoint is not None and urlsplit(self.endpoint).scheme == "http"

    @property
    def loopback(self) -> bool:
        """Whether the endpoint is on this machine."""
        host = urlsplit(self.endpoint or "").hostname or ""
        return host in ("localhost", "::1") or host.startswith("127.")

    @property
    def requested_at(self) -> str:
        """The endpoint as requests see it: with the bucket as host name unless `path_style`."""
        endpoint = self.endpoint or f"https://s3.{self.region}.amazonaws.com"
        if self.path_style:
            return endpoint.rstrip("/")
        parts = urlsplit(endpoint)
        return urlunsplit(parts._replace(netloc=f"{self.bucket}.{parts.netloc}")).rstrip("/")

    def without_secret(self, text: str) -> str:
        """`text` with the secret key struck out, should a store repeat it."""
        return text.replace(self.secret_key, "***") if self.secret_key else text
