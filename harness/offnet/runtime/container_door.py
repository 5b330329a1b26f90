"""The way into nodes that are containers: `docker exec`, by the API or by the command."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from offnet.errors import LabRunError
from offnet.host.base import Host, Stream
from offnet.runtime.docker_engine import Container, Engine
from offnet.runtime.observer import client


class ContainerDoor:
    """A Door over the Docker daemon of a host. It closes its connection to the daemon."""

    def __init__(self, host: Host, engine: Engine, containers: Iterable[Container] = ()) -> None:
        self._host = host
        self._engine = engine
        self._containers = {container.node: container for container in containers}

    def add(self, container: Container) -> None:
        """A node that has started by now."""
        self._containers[container.node] = container

    def observer(self, node: str) -> str:
        """Each container has its own."""
        return node

    def observe(self, node: str) -> Stream:
        """Start the observer of a node in its container."""
        return self._engine.stream(self._container(node), client.argv([node]), stderr=True)

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
