"""What a running lab is: the only door to its nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from offnet.host.base import Completed, Host, Stream
from offnet.host.feed import LineFeed

Report = Callable[[str], None]
"""Takes one line of progress at a time."""


class RunningLab(Protocol):
    """A lab whose nodes are up. Checks and observers reach them through this and nothing else."""

    @property
    def name(self) -> str:
        """The lab's name."""

    @property
    def runtime(self) -> str:
        """``netns`` or ``containerlab``."""

    @property
    def host(self) -> Host:
        """Where the nodes run."""

    @property
    def nodes(self) -> tuple[str, ...]:
        """The names of the nodes, in the order of the topology file."""

    def run(
        self,
        node: str,
        argv: Sequence[str] | str,
        *,
        input: bytes = b"",  # noqa: A002 - as subprocess calls it
        timeout: float = 10.0,
        check: bool = True,
    ) -> Completed:
        """Run a command in a node, through a shell that stays there: no connection, no login."""

    def run_many(
        self, node: str, commands: Sequence[Sequence[str] | str], *, timeout: float = 10.0
    ) -> tuple[Completed, ...]:
        """Run several commands in a node with one round trip; never checks."""

    def stream(self, node: str, argv: Sequence[str], *, tty: bool = False, stderr: bool = False) -> Stream:
        """Start a command in a node and hand over its pipes."""

    def command(self, node: str, argv: Sequence[str], *, tty: bool = False) -> tuple[str, ...]:
        """The command line that, run on this machine with the user's terminal, runs argv in a node."""

    def feed(self, node: str, argv: Sequence[str]) -> LineFeed:
        """The lines that a command goes on printing in a node, from the first call until ``close``."""

    def read(self, node: str, path: str) -> bytes:
        """The content of a file of a node."""

    def close(self) -> None:
        """Close all shells and the connection to the host; the lab stays as it is."""
