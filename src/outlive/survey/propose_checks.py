"""Which pages and names of a host to look at: what its web server says that it serves, else its plain port. PURE."""

from __future__ import annotations

from urllib.parse import urlsplit

from outlive.model.host import SshAddress
from outlive.survey.found import Survey

WEB_PORT = 80


def urls(survey: Survey) -> tuple[str, ...]:
    """The pages. Where no site is named and something listens on port 80, the page at the host's own address."""
    if survey.sites:
        return survey.sites
    address = _address(survey.address)
    published = {port for one in (survey.docker.containers if survey.docker else ()) for port in one.published}
    return (f"http://{address}/",) if address and WEB_PORT in published else ()


def names(survey: Survey) -> tuple[str, ...]:
    """The DNS names of those pages."""
    found = (urlsplit(url).hostname or "" for url in survey.sites)
    return tuple(dict.fromkeys(found))


def bare_address(address: str) -> str:
    """Without scheme, user and port; empty for what is no address."""
    try:
        return SshAddress.parse(address).host
    except ValueError:
        return ""


def _address(address: str) -> str:
    host = bare_address(address)
    return f"[{host}]" if ":" in host else host
