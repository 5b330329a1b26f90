"""Ways into the nodes of a running lab, one for each runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from offnet.host.base import Host, Stream


class Door(Protocol):
    """Puts commands into nodes."""

    def stream(self, node: str, argv: Sequence[str], *, tty: bool = False, stderr: bool = False) -> Stream:
        """Start a command in a node and hand over its pipes."""

    def command(self, node: str, argv: Sequence[str], *, tty: bool = False) -> tuple[str, ...]:
        """The command line that, run on this machine with the user's terminal, runs argv in a node."""

    def close(self) -> None:
        """Let go of what the door itself holds, not of the host."""


class PrefixDoor:
    """Nodes are entered by a command on the host: ``enter`` holds its beginning, for each node."""

    def __init__(self, host: Host, enter: Mapping[str, tuple[str, ...]]) -> None:
        self._host = host
        self._enter = dict(enter)

    def stream(self, node: str, argv: Sequence[str], *, tty: bool = False, stderr: bool = False) -> Stream:
        """Start a command in a node and hand over its pipes."""
        return self._host.stream((*self._enter[node], *argv), tty=tty, stderr=stderr)

    def command(self, node: str, argv: Sequence[str], *, tty: bool = False) -> tuple[str, ...]:
        """The command line that runs argv in a node with the user's terminal."""
        return self._host.command((*self._enter[node], *argv), tty=tty)

    def close(self) -> None:
        """Nothing to let go of."""
