"""The OpenSSH master of a host, and the lifeline that runs through it.

The master's own command is the lifeline: a shell on the host that reads one line from the
program that started it. ``keep`` means that the host's work outlives the program. The end of
input without it means that the program is gone, however it went, and all its work goes too.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from offnet.errors import HostError
from offnet.host.process import GRACE, Process
from offnet.wait import Deadline

LOG = "ssh.log"
_KEEP = b"keep\n"
_UP = b"up"
_LOST_WORDS = 600


def lifeline(on_loss: str) -> str:
    """The shell text of a lifeline: says that it is there, waits for ``keep``, or runs ``on_loss``."""
    return f'echo up; read -r word; [ "$word" = keep ] || {{ {on_loss}; }}; exec sleep 2147483647'


class Master:
    """A running OpenSSH master, started by this process. Its session is its own: no Ctrl-C reaches it."""

    def __init__(self, argv: Sequence[str], directory: Path, environment: Mapping[str, str]) -> None:
        self._directory = directory
        with (directory / LOG).open("wb") as log:
            self._popen = subprocess.Popen(
                argv,
                cwd=directory,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                bufsize=0,
                start_new_session=True,
            )

    @property
    def process(self) -> Process:
        """The master, to be known again by a later command."""
        found = Process.find(self._popen.pid)
        if found is None:
            raise HostError(f"the connection has ended: {self.last_words()}")
        return found

    def await_up(self, what: str, deadline: Deadline) -> None:
        """Return once the lifeline has spoken, that is when the host takes commands."""
        seen = b""
        stdout = _pipe(self._popen.stdout)
        while not seen.startswith(_UP) or not seen.endswith(b"\n"):
            ready, _, _ = select.select([stdout], [], [], deadline.left())
            if not ready:
                raise HostError(f"{what}: not within {deadline.seconds:g} s: {self.last_words()}")
            data = os.read(stdout.fileno(), 4096)
            if not data:
                raise HostError(f"{what}: {self.last_words()}")
            seen += data

    def keep(self) -> None:
        """Let the host's work outlive this process."""
        _pipe(self._popen.stdin).write(_KEEP)
        self._close()
        # It outlives this process, whose Popen would complain at the end of a child that nobody awaits.
        self._popen.returncode = 0

    def end(self) -> None:
        """Let the lifeline go, then see the master and all that it started out of this machine."""
        self._close()
        try:
            self._popen.wait(GRACE)
        except subprocess.TimeoutExpired:
            # its session holds nothing but the master and what the master started
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._popen.pid, signal.SIGKILL)
            self._popen.wait()

    def last_words(self) -> str:
        """What ssh said last, in one line."""
        text = (self._directory / LOG).read_text(encoding="utf-8", errors="replace").strip()
        return " / ".join(text.splitlines())[-_LOST_WORDS:] or "ssh said nothing"

    def _close(self) -> None:
        for pipe in (self._popen.stdin, self._popen.stdout):
            with contextlib.suppress(OSError):
                _pipe(pipe).close()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # noqa: S101 - both are pipes from the start
    return pipe
