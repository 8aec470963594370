"""What a throwaway server is told besides production's own configuration, and whose fault it is when it does not start.
Pure.
"""

from __future__ import annotations

import re

_NO_REACH = {
    "listen_addresses": "",
    "external_pid_file": "",
    "unix_socket_group": "",
    "ssl": "off",
    "archive_mode": "off",
    "archive_command": "",
    "archive_cleanup_command": "",
    "recovery_end_command": "",
    "restore_command": "",
    "primary_conninfo": "",
    "primary_slot_name": "",
    "synchronous_standby_names": "",
    "max_logical_replication_workers": "0",  # a copied subscription would drink from its publisher's slot
    "max_worker_processes": "0",  # pg_cron and its kind would run production's jobs
    "autovacuum": "off",
}
_NO_SURROUNDINGS = {
    "logging_collector": "off",
    "log_destination": "stderr",
    "huge_pages": "off",
    "shared_buffers": "128MB",
}
# A whole data directory is written through to the disk when recovery begins (xlog.c, SyncDataDirectory), and again what is
# touched. Here a server that is killed is thrown away with its files, and what is kept is synced once, when it is whole.
_NO_DISK = {"fsync": "off"}
_SINCE = {15: {"archive_library": ""}, 17: {"event_triggers": "off"}}  # a login trigger may call out
_UNTIL = {14: {"stats_temp_directory": "pg_stat_tmp"}}  # Debian's is below /run


def settings_for(major: int, data: str, sockets: str) -> dict[str, str]:
    """Settings that keep a server from reaching out, from being reached, and from needing what lies around it."""
    places = {
        "data_directory": data,
        "unix_socket_directories": f"../{sockets.rpartition('/')[2]}",  # a socket's whole path may have 107 bytes only
        "hba_file": f"{sockets}/pg_hba.conf",
        "ident_file": f"{data}/pg_ident.conf",
    }
    settings = places | _NO_REACH | _NO_SURROUNDINGS | _NO_DISK
    for first, more in _SINCE.items():
        settings |= more if major >= first else {}
    for last, more in _UNTIL.items():
        settings |= more if major <= last else {}
    return settings


_HERE = (
    (
        r'could not (?:access file|load library) "([^"]+)"',
        "Production loads the library {0}, which these programs do not have. Let the drill run in production's image "
        "(Docker on this machine, with the image pulled), or install the extension here.",
    ),
    (
        r"No space left on device|Disk quota exceeded",
        "Make room where `keeper.state` is: a drill needs all of the copy.",
    ),
    (r"Read-only file system|Permission denied", "Let the server's user write below `keeper.state`."),
    (
        r"Cannot allocate memory|could not (?:map anonymous|create) shared memory",
        "This machine has too little memory to start the server.",
    ),
    (
        r'invalid value for parameter "lc_|invalid (?:LC_\w+ )?locale name|locale is incompatible|recognized by setlocale',
        "This machine lacks the locale that production uses: install it (locale-gen), or let the drill run in "
        "production's image.",
    ),
    (
        r"ICU is not supported in this build",
        "These programs were built without ICU: let the drill run in production's image.",
    ),
    (
        r"database files are incompatible with server",
        "Other programs than the copy's major were found; install that major.",
    ),
    (
        r"could not open configuration (?:file|directory)|unrecognized configuration parameter",
        "Production's configuration needs files or a build that are not here: let the drill run in production's image, "
        "and guard its configuration with an asset of kind `config`.",
    ),
)


def blame(said: str) -> str | None:
    """The cure when what the server said is the fault of this machine or these programs; None when the copy may be at
    fault. Words as Postgres 14 to 18 and tar print them."""
    for pattern, cure in _HERE:
        if found := re.search(pattern, said):
            return cure.format(*found.groups())
    return None
