"""What a throwaway server is told, and when a failed start is this machine's fault."""

from __future__ import annotations

import pytest

from outlive.backup.restore.throwaway import blame, settings_for


@pytest.mark.parametrize("major", [14, 15, 16, 17, 18])
def test_nothing_reaches_out(major: int) -> None:
    settings = settings_for(major, "/d", "/s")
    assert settings["listen_addresses"] == settings["primary_conninfo"] == settings["archive_command"] == ""
    assert settings["archive_mode"] == settings["ssl"] == "off"
    assert settings["max_worker_processes"] == settings["max_logical_replication_workers"] == "0"
    assert ("archive_library" in settings) == (major >= 15) and ("event_triggers" in settings) == (major >= 17)
    assert ("stats_temp_directory" in settings) == (major < 15)


@pytest.mark.parametrize(
    ("said", "cure"),
    [
        ('FATAL:  could not access file "timescaledb": No such file or directory', "library timescaledb"),
        ("FATAL:  could not write to file: No space left on device", "room"),
        ('FATAL:  invalid value for parameter "lc_messages": "xx_YY"', "locale"),
        ("FATAL:  database files are incompatible with server", "major"),
        ("tar: base/5/2619: Cannot write: No space left on device", "room"),
    ],
)
def test_what_this_machine_lacks_is_not_the_copy_s_fault(said: str, cure: str) -> None:
    assert cure in (blame(said) or "")


@pytest.mark.parametrize(
    "said",
    [
        "PANIC:  could not locate a valid checkpoint record",
        'FATAL:  could not find WAL file "000000010000000000000002"',
        'FATAL:  invalid data in file "backup_label"',
        'FATAL:  could not open file "global/pg_filenode.map": No such file or directory',
        "",
    ],
)
def test_what_the_copy_lacks_is(said: str) -> None:
    assert blame(said) is None
