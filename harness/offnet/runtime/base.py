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
        """Run a command in a node, without a connection or a login of its own.

        Some cost no process there either: ``cat FILE..``, and ``vty SOCKET``, which hands its input to
        a daemon of FRR and ends with the last answer.
        """

    def stream(self, node: str, argv: Sequence[str], *, stderr: bool = False) -> Stream:
        """Start a command in a node and hand over its pipes. ``connect SOCKET`` is a socket of the node."""

    def command(self, node: str, argv: Sequence[str], *, tty: bool = False) -> tuple[str, ...]:
        """The command line that, run on this machine with the user's terminal, runs argv in a node."""

    def feed(self, node: str, argv: Sequence[str]) -> LineFeed:
        """The lines that a command goes on printing in a node, from the first call until ``close``."""

    def read(self, node: str, path: str) -> bytes:
        """The content of a file of a node."""

    def close(self) -> None:
        """Close all feeds and the connection to the host; the lab stays as it is."""
