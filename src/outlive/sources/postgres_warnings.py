"""What a person should know of a cluster that was copied physically. Pure."""

from __future__ import annotations

from typing import Any


def worth_a_word(facts: dict[str, Any], found: dict[str, Any]) -> tuple[str, ...]:
    """Sentences, from the facts that go into the manifest and the inventory."""
    warnings = []
    if not facts["data_checksums"]:
        warnings.append("This cluster has no data checksums: silent disk errors are copied along unseen.")
    if found.get("config_outside"):
        warnings.append(
            "Its configuration files lie outside the data directory and are not in this copy: "
            "guard them with an asset of kind `config`."
        )
    if broken := sum("unreadable" in table for one in found["databases"] for table in one.get("tables", [])):
        warnings.append(
            f"{broken} table(s) could not be read when their rows were counted: run pg_amcheck, the disk may be damaged."
        )
    drifted = sum(
        1
        for database in found["databases"]
        if (versions := database.get("collation_versions")) and versions["recorded"] != versions["actual"]
    )
    if drifted:
        warnings.append(
            f"In {drifted} database(s) the collation version differs from the server's: reindex text indexes."
        )
    return tuple(warnings)
