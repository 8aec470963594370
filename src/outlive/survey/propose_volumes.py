"""Which Docker volumes to guard, and which images. PURE."""

from __future__ import annotations

from outlive.commands.docker_objects import Container, Volume
from outlive.commands.system_files import DataFile
from outlive.model.asset import DockerVolumeAsset, ImagesAsset
from outlive.survey.found import FoundDocker, Survey
from outlive.survey.proposal import LeftOut, Names, Proposed, amount
from outlive.survey.propose_postgres import data_mounts, is_data_home

ELSEWHERE = ("nfs", "nfs4", "cifs", "smbfs", "glusterfs")
SHOWN_FILES = 3
_MEANING = {
    "sqlite": "SQLite is copied through its own backup call while it runs",
    "redis": "Redis writes these while it runs: stop it for files that agree",
    "mysql": "MySQL writes these while it runs: a copy taken live cannot be trusted",
    "mongodb": "MongoDB writes these while it runs: a copy taken live cannot be trusted",
    "postgres": "Postgres writes these while it runs: a copy taken live cannot be trusted",
}


def volumes(
    survey: Survey, host: str, names: Names, guarded: tuple[Proposed, ...]
) -> tuple[list[Proposed], list[LeftOut]]:
    """Named volumes that no guarded Postgres lives in."""
    found = survey.docker or FoundDocker()
    if found.problem:
        why = f"Docker could not be asked: {found.problem}"
        return [], [LeftOut("docker", "containers and volumes", why, at_risk=True)]
    proposed: list[Proposed] = []
    left: list[LeftOut] = []
    for volume in sorted(found.volumes, key=lambda one: one.name):
        if out := _left_out(survey, volume):
            left.append(out)
        else:
            proposed.append(_volume(survey, found, volume, host, names))
    return proposed, left + _in_memory(found)


def _in_memory(found: FoundDocker) -> list[LeftOut]:
    mounts = [(one.address, mount.target) for one in found.containers for mount in one.mounts if mount.kind == "tmpfs"]
    return [
        LeftOut("tmpfs", f"{address}:{target}", "lives in memory only", harmless=True) for address, target in mounts
    ]


def notes_on(files: tuple[DataFile, ...]) -> list[str]:
    """A sentence for each kind of database whose files were seen."""
    notes = []
    for kind in dict.fromkeys(one.kind for one in files):
        paths = [one.path for one in files if one.kind == kind]
        more = f" and {len(paths) - SHOWN_FILES} more" if len(paths) > SHOWN_FILES else ""
        notes.append(f"{', '.join(paths[:SHOWN_FILES])}{more}: {_MEANING[kind]}.")
    return notes


def to_stop(files: tuple[DataFile, ...], users: list[Container]) -> tuple[str, ...]:
    """Whom to stop for a consistent copy: those who use files that cannot be copied live."""
    if all(one.kind == "sqlite" for one in files):
        return ()
    return tuple(dict.fromkeys(one.address for one in users if one.running))


def images(survey: Survey, host: str, names: Names) -> list[Proposed]:
    """For each compose project, the images that it runs: worth it when a registry may forget them."""
    found = survey.docker or FoundDocker()
    proposed = []
    for project in found.projects:
        used = {one.image_id: one.image for one in found.containers if one.project == project}
        known = {one.id: one for one in found.images}
        size = sum(known[image].bytes for image in used if image in known)
        about = [_image(used[image], known[image].digests if image in known else ()) for image in used]
        asset = ImagesAsset(name=names.fresh(project, "images"), host=host, project=project)
        proposed.append(Proposed(asset, tuple(sorted(about)), bytes=size or None))
    return proposed


def _image(name: str, digests: tuple[str, ...]) -> str:
    return f"{name} ({digests[0].partition('@')[2]})" if digests else f"{name} (in no registry: only here)"


def _left_out(survey: Survey, volume: Volume) -> LeftOut | None:
    """Why a volume is not guarded by itself, or None."""
    size = survey.weight(volume.mountpoint).bytes
    if owner := data_mounts(survey, asked=True).get(volume.name):
        why = f"holds the data of {owner.address}, which is guarded as a database"
        return LeftOut("docker_volume", volume.name, why, size, harmless=True)
    if owner := data_mounts(survey, asked=False).get(volume.name):
        why = f"holds the data of {owner.address}, which could not be asked"
        return LeftOut("docker_volume", volume.name, why, size, at_risk=True)
    kind = volume.options.get("type", "")
    if kind == "tmpfs":
        return LeftOut("docker_volume", volume.name, "lives in memory only", size, harmless=True)
    if kind in ELSEWHERE or volume.driver != "local":
        where = kind if kind in ELSEWHERE else f"driver {volume.driver}"
        return LeftOut("docker_volume", volume.name, f"lies on another machine ({where}), guard it there", size)
    if volume.is_anonymous:
        why = "anonymous: Docker forgets it with its container; give it a name in the compose file to guard it"
        return LeftOut("docker_volume", volume.name, why, size)
    return None


def _volume(survey: Survey, found: FoundDocker, volume: Volume, host: str, names: Names) -> Proposed:
    files = survey.databases_in(volume.mountpoint)
    users = [one for one, _ in found.users_of(volume.name)]
    size = survey.weight(volume.mountpoint).bytes
    used_by = ", ".join(dict.fromkeys(one.address for one in users))
    about = f"{amount(size)}, used by {used_by}" if users else f"{amount(size)}, used by no container"
    notes = notes_on(files)
    if not users:
        notes.append("No container uses it now. Drop it here if it is litter.")
    stopped = [one for one, mount in found.users_of(volume.name) if is_data_home(mount) and not one.running]
    if stopped:
        name = stopped[0].address
        notes.append(f"{name} is stopped. Start it and look again, so that it is guarded as a database.")
    asset = DockerVolumeAsset(name=names.fresh(volume.name), host=host, volume=volume.name)
    return Proposed(asset, (about,), tuple(notes), to_stop(files, users), size)
