"""The Docker daemon of a host, over its socket: what of a lab runs there, and commands in it.

Everything but deploying and destroying goes this way, and the same way for this machine, the
sandbox and a lab server: the host hands over a socket (docker's SDK, API of the daemon).
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from docker import APIClient
from docker.errors import APIError, DockerException, NotFound
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from offnet.errors import HostError, LabRunError
from offnet.host.base import Host
from offnet.host.docker import SOCKET
from offnet.host.docker_refusal import explained, told
from offnet.runtime.exec_stream import ExecStream

LAB_LABEL = "containerlab"
NODE_LABEL = "clab-node-name"
FILE_LABEL = "clab-topo-file"

T = TypeVar("T")
_TIMEOUT = 60
_CONNECTIONS = 64
_QUICK = 10.0
_TROUBLE = (DockerException, RequestException, HTTPError, OSError)


@dataclass(frozen=True, slots=True)
class Container:
    """A container of a lab, whatever state it is in."""

    id: str
    node: str
    state: str
    status: str
    topology: str

    @property
    def running(self) -> bool:
        """Whether commands can be run in it."""
        return self.state == "running"


class Engine:
    """A connection to a host's Docker daemon. May be used from several threads. Close it."""

    def __init__(self, host: Host, client: APIClient, directory: int) -> None:
        self._host = host
        self._client = client
        self._directory = directory

    @classmethod
    def connect(cls, host: Host) -> Engine:
        """Reach the daemon. HostError, with the remedy, if it does not run or does not let us in."""
        local = host.socket(SOCKET)
        directory = _opened(host, local)
        try:
            # Through the open directory the path is short: those of sockets end at 107 bytes.
            url = f"unix:///proc/self/fd/{directory}/{local.name}"
            client = APIClient(base_url=url, timeout=_TIMEOUT, max_pool_size=_CONNECTIONS)
            return cls(host, client, directory)
        except _TROUBLE as error:
            os.close(directory)
            raise _unreachable(host, error) from None
        except BaseException:
            os.close(directory)
            raise

    def containers(self, lab: str) -> tuple[Container, ...]:
        """All containers of a lab of that name, whoever started it, also those that have ended."""
        found = self._ask(
            "its containers",
            lambda: self._client.containers(all=True, filters={"label": f"{LAB_LABEL}={lab}"}),
        )
        return tuple(_container(entry) for entry in found)

    def stream(self, container: Container, argv: Sequence[str], *, stderr: bool) -> ExecStream:
        """Start a command in a container and hand over its pipes."""

        def start() -> tuple[str, Any]:
            made = self._client.exec_create(container.id, list(argv), stdin=True, stdout=True, stderr=stderr)
            return made["Id"], self._client.exec_start(made["Id"], socket=True)

        name, opened = self._ask(f"{container.node}: {argv[0]}", start, container)
        connection, early = _taken_over(opened)
        return ExecStream(connection, early, stderr=stderr, end=lambda: self._end(name))

    def remove(self, container: Container) -> None:
        """Remove a container, running or not; none is no error."""
        with contextlib.suppress(NotFound):
            self._client.remove_container(container.id, v=True, force=True)

    def starts(self, lab: str) -> Starts:
        """The containers of a lab as they start, from now on."""
        return Starts(self, self._ask("its events", lambda: self._events(lab)), lab)

    def close(self) -> None:
        """End the connection."""
        self._client.close()
        with contextlib.suppress(OSError):
            os.close(self._directory)

    def _events(self, lab: str) -> Any:
        filters = {"type": "container", "event": "start", "label": f"{LAB_LABEL}={lab}"}
        return self._client.events(filters=filters, decode=True)

    def _end(self, name: str) -> None:
        """End a command that does not end with its input."""
        with contextlib.suppress(*_TROUBLE, LabRunError):
            seen = self._client.exec_inspect(name)
            if seen["Running"] and seen["Pid"]:
                self._host.run(("kill", str(seen["Pid"])), timeout=_QUICK, check=False)

    def _ask(self, what: str, question: Callable[[], T], container: Container | None = None) -> T:
        try:
            return question()
        except _TROUBLE as error:
            if isinstance(error, APIError) and error.response is not None:
                error.response.close()  # a refused stream holds its connection
            raise self._explained(what, error, container) from error

    def _explained(self, what: str, error: Exception, container: Container | None) -> LabRunError:
        if container is not None and isinstance(error, APIError) and error.status_code in {404, 409}:
            return LabRunError(f"{container.node}: its container on {self._host.name} does not run any more")
        if isinstance(error, APIError):
            return LabRunError(f"Docker on {self._host.name}, {what}: {error.explanation}")
        return LabRunError(f"Docker on {self._host.name} does not answer any more ({what}): {told(error)}")


class Starts:
    """An iterator over containers as they start; ``close`` ends it from another thread."""

    def __init__(self, engine: Engine, events: Any, lab: str) -> None:
        self._engine = engine
        self._events = events
        self._lab = lab

    def __iter__(self) -> Iterator[Container]:
        try:
            for event in self._events:
                actor = event["Actor"]
                labels = actor["Attributes"]
                node, file = labels.get(NODE_LABEL, ""), labels.get(FILE_LABEL, "")
                yield Container(actor["ID"], node, "running", "started", file)
        except (*_TROUBLE, AttributeError, ValueError):
            return  # closed while we waited for the next
        finally:
            self._events._response.close()

    def close(self) -> None:
        """End the iteration."""
        with contextlib.suppress(*_TROUBLE):
            self._events.close()


def _container(entry: dict[str, Any]) -> Container:
    labels = entry["Labels"]
    return Container(
        entry["Id"], labels.get(NODE_LABEL, ""), entry["State"], entry["Status"], labels.get(FILE_LABEL, "")
    )


def _taken_over(opened: Any) -> tuple[socket.socket, bytes]:
    """The connection of its own right, and what came with the answer's head: it is in the SDK's buffer."""
    response = opened._response
    opened._sock.setblocking(False)
    early = bytes(response.raw._fp.fp.peek())
    connection = socket.socket(fileno=os.dup(opened.fileno()))
    response.close()
    opened.close()
    return connection, early


def _opened(host: Host, local: Path) -> int:
    try:
        return os.open(local.parent, os.O_PATH | os.O_DIRECTORY)
    except OSError as error:
        raise _unreachable(host, error) from None


def _unreachable(host: Host, error: Exception) -> HostError:
    return HostError(f"Docker does not answer at {SOCKET} of {host.name}: {explained(error)}")
