"""Sites of a Caddyfile: their names leave the host, nothing else of the file."""

from __future__ import annotations

import subprocess
from pathlib import Path

from outlive.commands.caddy import read_sites, sites

FILE = """{
	email ops@example.com
}
(snippet) {
	header X-Secret hush
}
shop.example.com, http://old.example.com {
	basic_auth {
		admin $2a$14$secret
	}
}
*.wild.example.com {
}
{$DOMAIN} {
}
:8080 {
}
api.example.com:8443 {
	reverse_proxy app:3000
}
"""


def test_only_the_names_of_sites_are_told(tmp_path: Path) -> None:
    path = tmp_path / "Caddyfile"
    path.write_text(FILE)
    told = subprocess.run(sites([str(path), str(tmp_path / "none")]), capture_output=True, text=True, check=True)
    assert "secret" not in told.stdout.lower() and "hush" not in told.stdout
    assert read_sites(told.stdout) == (
        "https://shop.example.com/",
        "http://old.example.com/",
        "https://api.example.com:8443/",
    )


def test_what_has_no_name_is_no_site() -> None:
    assert read_sites("localhost\n:80\n203.0.113.9\n*.example.com\n") == ()
