"""The demo's small production: a shop's database under load, a volume of uploads, and the files that configure it."""

from __future__ import annotations

import hashlib
import random
import shutil
import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import psycopg

from outlive.backup.restore.programs import LocalPrograms
from outlive.clock import Clock
from outlive.demo.server import DemoServer

ORDERS = 150_000
FILES = 120

_SCHEMA = """
CREATE ROLE shop_app LOGIN PASSWORD 'not-a-secret';
CREATE ROLE reporting;
GRANT reporting TO shop_app;
CREATE TABLE customers (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, since timestamptz NOT NULL);
CREATE TABLE orders (id bigint PRIMARY KEY, customer bigint REFERENCES customers, note text, cents int);
CREATE TABLE payments (id bigserial PRIMARY KEY, paid_at timestamptz NOT NULL DEFAULT now(), cents int NOT NULL);
GRANT SELECT ON ALL TABLES IN SCHEMA public TO reporting;
INSERT INTO customers SELECT g, 'customer' || g || '@example.org', now() - g * interval '1 hour'
  FROM generate_series(1, 5000) g;
INSERT INTO orders SELECT g, 1 + g % 5000, md5(g::text) || ' ' || md5((g * 7)::text), g % 9000
  FROM generate_series(1, {orders}) g;
"""


class Production:
    """Everything below `folder`: what the disaster takes."""

    def __init__(self, folder: Path, programs: LocalPrograms) -> None:
        self.folder = folder
        self.server = DemoServer(folder / "postgres", programs)
        self.uploads = folder / "uploads"
        self.config = folder / "app"

    def build(self) -> None:
        """Fills the database, the uploads and the configuration."""
        self.folder.mkdir(mode=0o755)
        self.server.initialise()
        self.server.start()
        with self.server.connect("postgres") as connection:
            connection.execute("CREATE DATABASE shop")
        with self.server.connect() as connection:
            connection.execute(_SCHEMA.format(orders=ORDERS).encode())
        rng = random.Random(7)
        for number in range(FILES):
            file = self.uploads / f"2026/{number % 12 + 1:02d}/receipt {number}.pdf"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(rng.randbytes(rng.randrange(1_000, 60_000)))
        (self.uploads / "latest.pdf").symlink_to("2026/01/receipt 0.pdf")
        self.config.mkdir()
        (self.config / "compose.yaml").write_text("services:\n  db:\n    image: postgres:17\n")
        (self.config / ".env").write_text("DATABASE_URL=postgresql://shop_app@db/shop\n")
        (self.config / ".env").chmod(0o600)

    def destroy(self, clock: Clock) -> datetime:
        """The machine loses its disk: the server is killed and every file is removed. Returns the moment of death."""
        self.server.lose_power()
        died = clock.now()
        shutil.rmtree(self.folder)
        return died


@dataclass
class Writer:
    """Commits one payment after another. `acknowledged` holds id and moment of every commit the server confirmed."""

    conninfo: str
    clock: Clock
    acknowledged: list[tuple[int, datetime]] = field(default_factory=list)
    stopped_by: str = ""

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the writer, if the disaster has not."""
        self._stop.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        try:
            with psycopg.connect(self.conninfo, autocommit=True) as connection:
                while not self._stop.wait(0.005):
                    row = connection.execute("INSERT INTO payments (cents) VALUES (4200) RETURNING id").fetchone()
                    if row:
                        self.acknowledged.append((row[0], self.clock.now()))
        except psycopg.Error as error:
            self.stopped_by = str(error).splitlines()[0]


def fingerprints(folder: Path) -> dict[str, str]:
    """Every file and link below `folder`: mode, and SHA-256 or link target."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file():
            found[name] = f"{path.stat().st_mode:o} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    return found


def table_digests(server: DemoServer) -> dict[str, str]:
    """A digest over the contents of the tables that nobody writes to, made by the server itself."""
    query = "SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM {} t"
    with server.connect() as connection:
        return {
            table: str((connection.execute(query.format(table).encode()).fetchone() or [""])[0])
            for table in ("customers", "orders")
        }


def roles(server: DemoServer) -> set[tuple[str, bool]]:
    """Names of the roles that are not Postgres' own, and whether each has a password."""
    query = "SELECT rolname, rolpassword IS NOT NULL FROM pg_authid WHERE rolname NOT LIKE 'pg\\_%'"
    with server.connect("postgres") as connection:
        return {(name, has_password) for name, has_password in connection.execute(query.encode())}
