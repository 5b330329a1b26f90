"""What a host is: a place where commands run, files are put, and streams are opened."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from offnet.errors import LabRunError


@dataclass(frozen=True, slots=True)
class Completed:
    """A command that has ended: its exit status and what it wrote."""

    command: str
    code: int
    stdout: str
    stderr: str

    def check(self) -> Completed:
        """Itself if the command succeeded; otherwise LabRunError with the command's own words."""
        if self.code == 0:
            return self
        words = (self.stderr.strip() or self.stdout.strip() or "no output")[-2000:]
        raise LabRunError(f"{self.command}: exit status {self.code}: {words}")


class Stream(Protocol):
    """A running command whose input and output are byte pipes."""

    @property
    def stdin(self) -> BinaryIO:
        """Unbuffered; what is written here the command reads."""

    @property
    def stdout(self) -> BinaryIO:
        """Unbuffered; what the command writes."""

    @property
    def stderr(self) -> BinaryIO | None:
        """What the command complains about, where that was asked for."""

    def close(self) -> None:
        """Close the pipes and end the process: wait a moment, then kill. May be called twice."""


class Host(Protocol):
    """Where commands run: this machine, the sandbox, or a lab server."""

    @property
    def name(self) -> str:
        """``local``, ``sandbox``, or ``ssh://user@server``."""

    def run(
        self,
        argv: Sequence[str],
        *,
        input: bytes = b"",  # noqa: A002 - as subprocess calls it
        timeout: float,
        check: bool = True,
    ) -> Completed:
        """Run a command to its end. DeadlineExpired after ``timeout``; LabRunError if ``check`` fails."""

    def stream(self, argv: Sequence[str], *, tty: bool = False, stderr: bool = False) -> Stream:
        """Start a command and hand over its pipes. ``stderr`` asks for a pipe of its own."""

    def put(self, files: Mapping[str, bytes], directory: str) -> None:
        """Write files (relative paths) below a directory, which is made if it is missing."""

    def get(self, directory: str) -> dict[str, bytes]:
        """Every regular file below a directory, by relative path."""

    def command(self, argv: Sequence[str], *, tty: bool = False) -> tuple[str, ...]:
        """The command line that, run on this machine with the user's terminal, runs argv there."""

    def socket(self, path: str) -> Path:
        """A Unix socket on this machine that leads to the one at ``path`` there, be it there or not."""

    def close(self) -> None:
        """Let go of the connection; what must outlive it stays."""


def quoted(argv: Sequence[str] | str) -> str:
    """The shell text of a command: a list is quoted, a text is taken as it is."""
    return argv if isinstance(argv, str) else shlex.join(argv)
