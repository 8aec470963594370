"""Writes a row into the jobs' cluster every second, and an order into the shop's."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import psycopg2


def main() -> None:
    while True:
        try:
            work(connect("JOBS_URL"), connect("DATABASE_URL"))
        except psycopg2.Error as error:
            print(f"scheduler: {str(error).strip()}", file=sys.stderr)
            time.sleep(1)


def connect(name: str) -> Any:
    connection = psycopg2.connect(os.environ[name], connect_timeout=3)
    connection.autocommit = True
    return connection


def work(jobs: Any, shop: Any) -> None:
    with jobs.cursor() as job, shop.cursor() as order:
        while True:
            job.execute("insert into runs (job) values ('tick') returning id")
            run = job.fetchone()[0]
            order.execute("insert into orders (customer, cents) values (%s, %s)", (f"customer {run % 211}", run % 9000))
            time.sleep(1)


main()
