"""A configuration from what manifests and inventories tell, for a vault whose copies do not remember their keeper. PURE.

What cannot be known (addresses, logins, the names of containers) is written as a guess with a note, or as a comment.
"""

from __future__ import annotations

from collections.abc import Iterator

from outlive.model.asset import Asset, DockerVolumeAsset, PathAsset, PostgresAsset, PostgresDumpAsset, SecretRef
from outlive.survey.adopt_config import Reached
from outlive.survey.adopt_vault import Adopted, Found
from outlive.survey.write_toml import changed, comment, commented, quoted, table

DRILL_IDENTITY = "keys/drill.txt"


def skeleton(found: Found, reached: Reached) -> str:
    """The whole file. It can be loaded as it is; what it says of hosts is a guess."""
    return "\n".join(
        [
            comment(
                "Written by `outlive adopt` from what the vault's copies tell. They were taken before copies remembered "
                "their keeper's configuration: go through every line. The copies can be read and restored as it stands.",
            ),
            "[vault]\n" + "\n".join(reached.lines) + "\n",
            _keys(found),
            *map(_host, found.hosts),
            *map(_asset, found.assets),
        ]
    )


def _keys(found: Found) -> str:
    newest = max((one.manifest for one in found.assets), key=lambda manifest: manifest.finished_at)
    listed = "".join(f"  {quoted(one)},\n" for one in newest.recipients)
    note = (
        "The newest copy is encrypted to these. The private drill key was the keeper's; without it no copy is proven."
    )
    drill = commented(f"drill_identity = {quoted(DRILL_IDENTITY)}\n")
    return comment(note) + f"[keys]\nrecipients = [\n{listed}]\n{drill}"


def _host(name: str) -> str:
    note = "The vault does not say where it was. Write its address; a host that is gone may stay as it is."
    return comment(note) + table("[[hosts]]", {"name": name, "address": f"ssh://root@{name}"})


def _asset(one: Adopted) -> str:
    asset, notes = _guess(one)
    about = comment(f"{one.copies} copies, the newest of {one.manifest.data_until:%Y-%m-%d %H:%M} UTC.", *notes)
    if asset is None:
        name = {"name": one.manifest.asset, "kind": one.manifest.kind, "host": one.manifest.host}
        return about + commented(table("[[assets]]", name))
    return about + table("[[assets]]", changed(asset))


def _guess(one: Adopted) -> tuple[Asset | None, tuple[str, ...]]:
    manifest = one.manifest
    name, host, kind = manifest.asset, manifest.host, manifest.kind
    if kind in ("postgres", "postgres_dump"):
        make = PostgresAsset if kind == "postgres" else PostgresDumpAsset
        dsn = None if host else SecretRef(env=f"OUTLIVE_{''.join(_variable(name))}_DSN")
        return make(name=name, host=host, dsn=dsn), tuple(_of_postgres(one))
    if kind == "docker_volume" and host:
        lineage = manifest.source.get("lineage")
        volume = lineage.get("volume") if isinstance(lineage, dict) else None
        said = () if volume else ("The volume's name is a guess.",)
        return DockerVolumeAsset(name=name, host=host, volume=str(volume or name)), said
    if kind == "path" and host and isinstance(root := one.inventory.get("root"), str):
        return PathAsset(name=name, host=host, path=root), ()
    return None, ("What it is made of is not told in a form that can be copied again: complete it, take the # away.",)


def _of_postgres(one: Adopted) -> Iterator[str]:
    source = one.manifest.source
    yield f"Postgres {source.get('postgres_version', 'of an unknown version')}. The way in is a guess: the host's port."
    if image := source.get("image"):
        yield f"It ran in a container of {image}: name that one (container = ...)."


def _variable(name: str) -> Iterator[str]:
    return (letter.upper() if letter.isalnum() else "_" for letter in name)
