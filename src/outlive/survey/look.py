"""Looks at a host over its shell: a handful of cheap commands, nothing written there.

What cannot be asked (an engine that does not answer, a tree too large to weigh) is left open and said; only a host that
cannot be reached at all is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from outlive.commands import caddy, docker, docker_objects, system, system_files
from outlive.commands.docker_objects import Container
from outlive.errors import CommandFailed, NoData
from outlive.survey import look_postgres
from outlive.survey.found import ConfigFile, FoundDocker, FoundPostgres, Survey
from outlive.transport.base import Shell

ASK_SECONDS = 30
WEIGH_SECONDS = 60  # for all trees together
SEARCH_SECONDS = 3  # for each tree

Say = Callable[[str], None]


def look(shell: Shell, address: str, *, wanted: Sequence[str] = (), say: Say = lambda words: None) -> Survey:
    """What is there. `wanted` are paths that a person asked to have guarded; `say` is told what is being done.

    Raises `HostUnreachable`, `HostKeyChanged`, `LoginRejected`, or `NoData` when the answer makes no sense.
    """
    say("asking the host what it is")
    survey = Survey(address, _host(shell), wanted_paths=tuple(wanted))
    if survey.host and survey.host.has_docker:
        say("asking Docker what runs")
        survey = replace(survey, docker=_docker(shell))
    say("asking Postgres")
    survey = replace(survey, postgres=_postgres(shell, survey), config_files=_config_files(shell, survey))
    survey = replace(survey, sites=_sites(shell, survey))
    say("weighing volumes and folders")
    return _weighed(shell, survey)


def _host(shell: Shell) -> system.HostFacts:
    done = shell.run(system.facts(), timeout_seconds=ASK_SECONDS)
    try:
        return system.read_facts(done.text)
    except ValueError as error:
        hint = "Outlive needs a login that may run `sh`. A forced command or a restricted shell is in the way."
        raise NoData(f"{shell.name}: {error}.", hint=hint) from error


def _docker(shell: Shell) -> FoundDocker:
    version = shell.run(docker.version(), timeout_seconds=ASK_SECONDS)
    if version.status != 0:
        return FoundDocker(problem=_last_line(version.stderr) or "it does not answer")
    ids = docker.read_lines(_text(shell, docker.ps()))
    volumes = docker.read_lines(_text(shell, docker.volume_ls()))
    containers = docker_objects.read_containers(_text(shell, docker.inspect(ids))) if ids else ()
    images = sorted({one.image_id for one in containers})
    return FoundDocker(
        version=docker.read_version(version.text),
        engine_id=_text(shell, docker.engine_id()).strip(),
        containers=tuple(sorted(containers, key=lambda one: (one.project, one.name))),
        volumes=docker_objects.read_volumes(_text(shell, docker.volume_inspect(volumes))) if volumes else (),
        images=docker_objects.read_images(_text(shell, docker.image_inspect(images))) if images else (),
    )


def _postgres(shell: Shell, survey: Survey) -> tuple[FoundPostgres, ...]:
    """Each cluster once, also when the host sees the socket of one that a container runs."""
    found = [look_postgres.in_container(shell, one) for one in postgres_containers(survey.docker)]
    known = {one.system_identifier for one in found if one.system_identifier}
    for socket in survey.host.sockets if survey.host else ():
        cluster = look_postgres.on_socket(shell, socket.directory, socket.port, socket.owner)
        if not cluster.system_identifier or cluster.system_identifier not in known:
            found.append(cluster)
            known.add(cluster.system_identifier)
    return tuple(found)


def postgres_containers(found: FoundDocker | None) -> tuple[Container, ...]:
    """The running containers that carry a Postgres server, by what their image set or mounts."""
    containers = found.containers if found else ()
    return tuple(one for one in containers if one.running and one.carries_postgres)


def _config_files(shell: Shell, survey: Survey) -> tuple[ConfigFile, ...]:
    folders = {one.working_dir: one.project for one in _containers(survey) if one.working_dir.startswith("/")}
    if not folders:
        return ()
    text = _text(shell, system_files.config_files(tuple(folders)))
    found = system_files.read_config_files(text, tuple(folders))
    return tuple(ConfigFile(folders[folder], path, may) for folder, files in found.items() for path, may in files)


def _sites(shell: Shell, survey: Survey) -> tuple[str, ...]:
    beside = (one.path for one in survey.config_files if one.readable and one.path.endswith("Caddyfile"))
    return caddy.read_sites(_text(shell, caddy.sites((caddy.DEFAULT, *beside))))


def _weighed(shell: Shell, survey: Survey) -> Survey:
    paths = tuple(dict.fromkeys(_places(survey)))
    if not paths:
        return survey
    each = max(1, min(20, WEIGH_SECONDS // len(paths)))
    words = system_files.weigh(paths, seconds_each=each)
    weights = system_files.read_weights(_text(shell, words, each * len(paths) + ASK_SECONDS), paths)
    roots = survey.host.roots if survey.host else ()
    trees = tuple(path for path in paths if weights[path].kind == "d" and path not in roots)
    if not trees:
        return replace(survey, weights=weights)
    words = system_files.data_files(trees, seconds_each=SEARCH_SECONDS)
    text = _text(shell, words, SEARCH_SECONDS * len(trees) + ASK_SECONDS)
    return replace(survey, weights=weights, data_files=system_files.read_data_files(text, trees))


def _places(survey: Survey) -> Iterator[str]:
    """Every path whose size is wanted."""
    for volume in survey.docker.volumes if survey.docker else ():
        yield volume.mountpoint
    for container in _containers(survey):
        yield from (mount.source for mount in container.mounts if mount.kind == "bind")
        yield from container.compose_files
    yield from survey.wanted_paths
    yield from survey.host.roots if survey.host else ()


def _containers(survey: Survey) -> tuple[Container, ...]:
    return survey.docker.containers if survey.docker else ()


def _text(shell: Shell, argv: Sequence[str], seconds: float = ASK_SECONDS) -> str:
    """What it printed, "" when it took too long. Some of these end with 1 and a good answer: one thing was gone."""
    try:
        return shell.run(argv, timeout_seconds=seconds).text
    except CommandFailed:
        return ""


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
