"""Processes of this machine: run to the end, keep as a stream, or know again later."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from offnet.errors import HostError
from offnet.host.base import Completed
from offnet.wait import Deadline

GRACE = 2.0
"""Seconds that a process has to end by itself before it is killed."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process that can be known again: its id may be reused, its start time may not."""

    pid: int
    started: int

    @classmethod
    def find(cls, pid: int) -> Process | None:
        """The process of that id, or None if there is none (or only its corpse)."""
        started = _start_time(pid)
        return None if started is None else cls(pid, started)

    def parent(self) -> Process | None:
        """The process that started it, if that still runs."""
        fields = _stat(self.pid)
        return Process.find(int(fields[1])) if fields else None

    def alive(self) -> bool:
        """Whether this very process still runs."""
        return _start_time(self.pid) == self.started

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, to this very process only."""
        with contextlib.suppress(ProcessLookupError):
            if self.alive():
                os.kill(self.pid, number)

    def gone(self, timeout: float) -> bool:
        """Wait until it has ended; False if it still runs after the timeout."""
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return True
        try:
            if not self.alive():
                return True
            poll = select.poll()
            poll.register(handle, select.POLLIN)
            return bool(poll.poll(timeout * 1000))
        finally:
            os.close(handle)


def _start_time(pid: int) -> int | None:
    fields = _stat(pid)
    return int(fields[19]) if fields else None


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the state on; None if there is no such process, or a corpse."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # the name stands in parentheses and may itself hold spaces and parentheses
    fields = text[text.rindex(")") + 2 :].split()
    return None if fields[0] in "ZX" else fields


class ProcessStream:
    """A Stream over a process of this machine (often an ssh client)."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @classmethod
    def start(cls, argv: Sequence[str], *, cwd: Path | None = None, stderr: bool = False) -> ProcessStream:
        """Start a command in a session of its own: a Ctrl-C is the caller's to act on."""
        return cls(
            subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE if stderr else subprocess.DEVNULL,
                bufsize=0,
                cwd=cwd,
                start_new_session=True,
            )
        )

    @property
    def stdin(self) -> BinaryIO:
        """What is written here the command reads."""
        return cast("BinaryIO", self._process.stdin)

    @property
    def stdout(self) -> BinaryIO:
        """What the command writes."""
        return cast("BinaryIO", self._process.stdout)

    @property
    def stderr(self) -> BinaryIO | None:
        """What the command complains about, where that was asked for."""
        return cast("BinaryIO | None", self._process.stderr)

    def close(self) -> None:
        """Close the pipes and end the process: wait a moment, then kill. May be called twice."""
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        end(self._process)

    def __enter__(self) -> ProcessStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def end(process: subprocess.Popen[bytes], grace: float = GRACE) -> None:
    """See a child process out: TERM, a moment, then KILL. Nothing happens if it has ended."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(grace)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def run(
    argv: Sequence[str],
    *,
    shown: str,
    input: bytes = b"",  # noqa: A002 - as subprocess calls it
    timeout: float,
    cwd: Path | None = None,
) -> tuple[int, bytes, bytes]:
    """Run a command to its end; status, output, complaints. DeadlineExpired after the timeout."""
    try:
        done = subprocess.run(
            argv,
            input=input,
            capture_output=True,
            timeout=timeout,
            cwd=cwd,
            check=False,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired as error:
        seen = (error.stderr or error.stdout or b"").decode(errors="replace").strip() or "no output"
        raise Deadline(timeout).error(shown, seen) from None
    except FileNotFoundError as error:
        if cwd is not None and not cwd.is_dir():
            raise HostError(f"{cwd} is gone: the host that ran there has been shut down") from None
        raise HostError(f"{error.filename}: no such command on this machine") from None
    return done.returncode, done.stdout, done.stderr


def completed(shown: str, code: int, stdout: bytes, stderr: bytes) -> Completed:
    """The textual form of a command's end."""
    return Completed(shown, code, stdout.decode(errors="replace"), stderr.decode(errors="replace"))
