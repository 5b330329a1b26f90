"""The way into nodes that are containers: `docker exec`, by the API or by the command."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from offnet.errors import LabRunError
from offnet.host.base import Host, Stream
from offnet.runtime.docker_engine import Container, Engine


class ContainerDoor:
    """A Door over the Docker daemon of a host. It closes its connection to the daemon."""

    def __init__(self, host: Host, engine: Engine, containers: Iterable[Container] = ()) -> None:
        self._host = host
        self._engine = engine
        self._containers = {container.node: container for container in containers}

    def add(self, container: Container) -> None:
        """A node that has started by now."""
        self._containers[container.node] = container

    def stream(self, node: str, argv: Sequence[str], *, tty: bool = False, stderr: bool = False) -> Stream:  # noqa: ARG002 - pipes have no terminal to offer; command() does
        """Start a command in a node and hand over its pipes."""
        return self._engine.stream(self._container(node), argv, stderr=stderr)

    def command(self, node: str, argv: Sequence[str], *, tty: bool = False) -> tuple[str, ...]:
        """The command line that runs argv in a node with the user's terminal."""
        terminal = ("--tty",) if tty else ()
        container = self._container(node).id
        return self._host.command(("docker", "exec", "--interactive", *terminal, container, *argv), tty=tty)

    def close(self) -> None:
        """End the connection to the daemon."""
        self._engine.close()

    def _container(self, node: str) -> Container:
        found = self._containers.get(node)
        if found is None or not found.running:
            state = found.status if found else "there is none"
            raise LabRunError(f"{node}: its container on {self._host.name} does not run: {state}")
        return found
