"""The shop: a shallow page that says "ready", and pages for users, which ask the database.

It falls ill as the file /mode/app tells it: `hang` (ready, but no user is ever answered), `crash`, `leak`, `flood`, `child`
(a child eats memory until it is killed; the shop lives on), `blab` (its log holds the database's password),
`environ` (its log holds the whole environment, as an intruder's `env` leaves it).
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg2

MODE = Path("/mode/app")
# What the outage's log was full of: one and the same error, told again and again.
NOISE = """\
Error: spawnSync /usr/bin/convert ETIMEDOUT
    at Object.spawnSync (node:internal/child_process:1120:20) {
  errno: -110, code: 'ETIMEDOUT', status: null, signal: 'SIGTERM', pid: 50820
}
"""
GLUTTON = "hoard = []\nwhile True: hoard.append(b'x' * (8 << 20))"


def mode() -> str:
    try:
        return MODE.read_text().strip()
    except FileNotFoundError:
        return ""


class Page(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "shop", ""

    def do_GET(self) -> None:
        if self.path == "/readyz":
            return self.answer(200, "text/plain", "ready\n")
        if mode() == "hang" and not self.hang():
            return None
        try:
            count, newest = orders()
        except psycopg2.Error as error:
            return self.answer(503, "text/plain", f"no database: {str(error).strip()}\n")
        if self.path == "/status.json":
            return self.answer(200, "application/json", json.dumps({"status": "ok", "orders": count, "newest": newest}))
        return self.answer(
            200, "text/html", f"<h1>The shop</h1><p>{count} orders so far, the newest at {newest}.</p>\n"
        )

    def hang(self) -> bool:
        """Until it is healed (True), or the visitor has gone."""
        while mode() == "hang":
            if select.select([self.connection], [], [], 0.2)[0] and not self.connection.recv(1, socket.MSG_PEEK):
                self.close_connection = True
                return False
        return True

    def answer(self, status: int, kind: str, body: str) -> None:
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        print(f"{self.command} {self.path} {arguments[1] if len(arguments) > 1 else ''}")


def orders() -> tuple[int, str]:
    connection = psycopg2.connect(os.environ["DATABASE_URL"], connect_timeout=3)
    try:
        with connection.cursor() as cursor:
            cursor.execute("select count(*), max(placed_at)::text from orders")
            count, newest = cursor.fetchone()
            return count, newest
    finally:
        connection.close()


def fall_ill() -> None:
    """Looks five times a second whether it is told to."""
    hoard: list[bytes] = []
    while True:
        told = mode()
        if told == "crash":
            print("fatal: cannot read the configuration", file=sys.stderr)
            os._exit(1)
        if told == "leak":
            hoard.append(b"x" * (8 << 20))
        if told == "flood":
            sys.stderr.write(NOISE * 50)
        if told == "child":
            subprocess.run([sys.executable, "-c", GLUTTON], check=False)
        if told == "blab":
            print(f"cannot reach {os.environ['DATABASE_URL']}", file=sys.stderr)
        if told == "environ":
            print("\n".join(f"{name}={value}" for name, value in os.environ.items()), file=sys.stderr)
        time.sleep(0.2)


class Server(ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True


threading.Thread(target=fall_ill, daemon=True).start()
print("listening on 3000")
Server(("0.0.0.0", 3000), Page).serve_forever()
