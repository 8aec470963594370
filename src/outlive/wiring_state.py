"""The keeper's memory, opened. Apart from the rest: SQLAlchemy weighs 20 MB that few commands need."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL

from outlive.config.schema import Settings
from outlive.config.secrets import resolve
from outlive.state.store import Store
from outlive.wiring import state_file


def store(settings: Settings) -> Store:
    """Its tables are brought up to date; where there was none it begins here."""
    return Store(database(settings) or sqlite(state_file(settings)))


def sqlite(path: Path) -> str:
    return URL.create("sqlite", database=str(path)).render_as_string()


def database(settings: Settings) -> str | None:
    """The URL of the database that was named, if one was."""
    named = settings.schedule.database
    return None if named is None else resolve(named, settings.base)
