"""The container image of the nodes in a Docker daemon: whether it is there and current, and making it.

The daemon is the one that Docker's own command would reach: ``DOCKER_HOST`` and its like apply.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from docker import APIClient, DockerClient
from docker.errors import APIError, DockerException, ImageNotFound
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from offnet import resources
from offnet.artifacts import container, noderoot
from offnet.artifacts.progress import Progress
from offnet.errors import HostError
from offnet.host.docker_refusal import explained, knock

BASE = "debian:trixie-slim"
"""What the Dockerfile starts from."""

_USUAL = "unix:///var/run/docker.sock"
_TIMEOUT = 60  # seconds without a word from the daemon
_BUILD_TIMEOUT = 900  # likewise, while it works on an image
_TROUBLE = (DockerException, RequestException, HTTPError)


class State(StrEnum):
    """How an image stands to what this offnet would make."""

    CURRENT = "current"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class ContainerImage:
    """The image of the nodes that a daemon holds. ``size`` is in bytes, ``created`` as Docker says it."""

    id: str
    size: int
    created: str
    version: str
    state: State


@contextmanager
def connected() -> Iterator[DockerClient]:
    """The user's Docker daemon; HostError with the remedy for all that it cannot do."""
    try:
        knock(os.environ.get("DOCKER_HOST") or _USUAL, _TIMEOUT)
        # Docker's own way to a remote daemon: the user's ssh, with its configuration and keys.
        client = DockerClient.from_env(timeout=_TIMEOUT, use_ssh_client=True)
    except (*_TROUBLE, OSError) as error:
        raise HostError(explain(error)) from error
    with closing(client):
        try:
            yield client
        except _TROUBLE as error:
            raise HostError(explain(error)) from error


def explain(error: BaseException) -> str:
    """What a failure of the daemon, or of the way to it, means to its user."""
    if isinstance(error, APIError):
        return _advised(error.explanation or str(error))
    return f"Docker does not answer: {explained(error)}"


def look(client: DockerClient) -> ContainerImage | None:
    """The image of the nodes, as the topologies name it; None if the daemon has none."""
    try:
        found = client.images.get(container.IMAGE)
    except ImageNotFound:
        return None
    attributes: Mapping[str, Any] = found.attrs
    key = found.labels.get(container.KEY_LABEL)
    current = key == container.key() if key else _holds_todays_files(client)
    return ContainerImage(
        id=str(found.id),
        size=int(attributes["Size"]),
        created=str(attributes["Created"]),
        version=found.labels.get("org.opencontainers.image.version", "unknown"),
        state=State.CURRENT if current else State.STALE,
    )


def has_base(client: DockerClient, progress: Progress) -> bool:
    """Whether the daemon has, or can fetch, what the Dockerfile starts from."""
    try:
        client.images.get(BASE)
    except ImageNotFound:
        progress.step(f"fetching {BASE}", 20)
        try:
            client.images.pull(BASE)
        except APIError as error:
            progress.tick(f"no {BASE} here: {error.explanation}")
            return False
    return True


def build(client: DockerClient, context: bytes, progress: Progress) -> None:
    """Build the image from the Dockerfile in a context; HostError with the last lines if that fails."""
    progress.step(f"building {container.IMAGE} from its Dockerfile", 90)
    answers = _patient(client).build(
        fileobj=io.BytesIO(context),
        custom_context=True,
        dockerfile="image/Dockerfile",
        tag=container.IMAGE,
        labels=container.labels(),
        rm=True,
        forcerm=True,
        decode=True,
    )
    _follow(answers, progress, "built")


def import_root(client: DockerClient, folder: Path, progress: Progress) -> None:
    """Import the root file system of a node image's folder; HostError if that fails."""
    progress.step(f"importing {container.IMAGE} from the root file system of the nodes", 20)
    answer = _patient(client).import_image_from_stream(
        container.content(folder),
        repository=container.IMAGE,
        tag="latest",
        changes=container.changes(),
    )
    _follow((json.loads(line) for line in answer.splitlines()), progress, "imported")


def context(wheels: Path | None = None) -> bytes:
    """What the Dockerfile needs, as the tar that the daemon takes; with wheels, else it fetches them."""
    folder = resources.image()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in ("Dockerfile", "packages.txt", "requirements.txt", "setup.sh"):
            archive.add(folder / name, f"image/{name}", filter=_owned_by_root)
        if wheels is not None:
            archive.add(wheels, "image/wheels", filter=_owned_by_root)
        archive.add(noderoot.node_files(), "offnet/node", filter=_owned_by_root)
    return buffer.getvalue()


def _patient(client: DockerClient) -> APIClient:
    client.api.timeout = _BUILD_TIMEOUT
    return client.api


def _follow(answers: Iterable[Mapping[str, Any]], progress: Progress, done: str) -> None:
    """Tell what the daemon says as it comes."""
    for answer in answers:
        if "error" in answer:
            raise HostError(f"{container.IMAGE} could not be {done}: {_advised(str(answer['error']))}")
        said = str(answer.get("stream") or answer.get("status") or "").strip()
        if said:
            progress.tick(said.splitlines()[-1])


def _advised(words: str) -> str:
    if "no space left" in words.lower():
        return (
            f"{words}. Docker's disk is full: `docker system df` says of what, "
            "`docker system prune` frees some."
        )
    return words


def _holds_todays_files(client: DockerClient) -> bool:
    """Whether an image that was built without offnet has the node's own files as they are today."""
    made = client.containers.create(container.IMAGE, network_mode="none")
    try:
        chunks, _ = made.get_archive(f"/{container.RECORD}")
        with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
            member = archive.extractfile(archive.getmembers()[0])
            text = member.read().decode() if member else ""
    except APIError:
        return False  # whatever it is, it is no image of ours
    finally:
        made.remove(force=True)
    return noderoot.read_record(text).get("NODE_DIGEST") == noderoot.node_digest()


def _owned_by_root(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    if "__pycache__" in entry.name:
        return None
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry
