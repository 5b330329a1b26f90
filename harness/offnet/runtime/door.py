"""Ways into the nodes of a running lab, one for each runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from offnet.host.base import Host, Stream
from offnet.runtime.observer import client


class Door(Protocol):
    """Puts observers into nodes, and commands that have the user's terminal."""

    def observer(self, node: str) -> str:
        """Which observer serves a node: one may serve several."""

    def observe(self, node: str) -> Stream:
        """Start the observer that serves a node."""

    def command(self, node: str, argv: Sequence[str], *, tty: bool = False) -> tuple[str, ...]:
        """The command line that, run on this machine with the user's terminal, runs argv in a node."""

    def close(self) -> None:
        """Let go of what the door itself holds, not of the host."""


class NamespaceDoor:
    """Nodes are namespaces on the host, known by their first process. One observer enters them all."""

    def __init__(self, host: Host, holders: Mapping[str, str]) -> None:
        self._host = host
        self._holders = dict(holders)

    def observer(self, node: str) -> str:  # noqa: ARG002 - it is the same for each
        """The one that there is."""
        return "all nodes"

    def observe(self, node: str) -> Stream:
        """Start it over the node's root, which has a Python; it stays in the host's other namespaces."""
        nodes = [f"{name}={pid}" for name, pid in self._holders.items()]
        enter = ("nsenter", f"--target={self._holders[node]}", "--mount", "--")
        return self._host.stream((*enter, *client.argv(nodes)), stderr=True)

    def command(self, node: str, argv: Sequence[str], *, tty: bool = False) -> tuple[str, ...]:
        """The command line that runs argv in a node with the user's terminal."""
        spaces = ("--mount", "--uts", "--ipc", "--net", "--pid", "--")
        return self._host.command(("nsenter", f"--target={self._holders[node]}", *spaces, *argv), tty=tty)

    def close(self) -> None:
        """Nothing to let go of."""
