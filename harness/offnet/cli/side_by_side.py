"""Several labs checked at the same time: each by a command of its own, its report shown when it ends."""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from offnet import intent
from offnet.checks.derive import derive
from offnet.cli import INTERRUPTED
from offnet.cli.terminal import Terminal
from offnet.design import design
from offnet.errors import HostError
from offnet.network.model import Crypto

Command = Callable[[Path], Sequence[str]]
"""The command line for the lab of a folder."""


@dataclass(frozen=True, slots=True)
class Ended:
    """One lab's command, and its exit code."""

    lab: str
    code: int
    seconds: float


class _Running:
    """A command at work; what it says goes to files, so that reports do not mix."""

    def __init__(self, lab: str, command: Sequence[str]) -> None:
        self.lab = lab
        self._begun = time.monotonic()
        # closed when it has ended
        self._said: tuple[BinaryIO, BinaryIO] = (tempfile.TemporaryFile(), tempfile.TemporaryFile())  # noqa: SIM115
        # In a session of its own: a Ctrl-C is ours to pass on, once. And none outlives us.
        self._process = subprocess.Popen(
            ("setpriv", "--pdeathsig", "INT", "--", *command),
            stdin=subprocess.DEVNULL,
            stdout=self._said[0],
            stderr=self._said[1],
            start_new_session=True,
        )
        self.handle = os.pidfd_open(self._process.pid)

    def interrupt(self) -> None:
        """As Ctrl-C does: it takes its lab down and ends."""
        self._process.send_signal(signal.SIGINT)

    def end(self) -> Ended:
        """Waits for its end, and shows what it has said."""
        code = self._process.wait()
        os.close(self.handle)
        for said, shown in zip(self._said, (sys.stdout, sys.stderr), strict=True):
            if code or shown is sys.stdout:
                shown.flush()
                said.seek(0)
                shutil.copyfileobj(said, shown.buffer)
                shown.flush()
            said.close()
        return Ended(self.lab, code if code >= 0 else INTERRUPTED, time.monotonic() - self._begun)


def longest_first(folders: Sequence[Path], crypto: Crypto | None, *, faults: bool) -> list[Path]:
    """The labs with most claims first, so that none of them is left over for the end."""

    def claims(folder: Path) -> int:
        return len(derive(design(intent.load(folder), crypto), with_faults=faults))

    return sorted(folders, key=claims, reverse=True)


def run(folders: Sequence[Path], jobs: int, command: Command) -> int:
    """Runs a command for each lab, so many at a time; the worst exit code. Ctrl-C ends them all first."""
    if shutil.which("setpriv") is None:
        raise HostError("setpriv is missing on this machine; install the package util-linux")
    begun = time.monotonic()
    pending, ended = list(folders), list[Ended]()
    running: dict[int, _Running] = {}
    terminal = Terminal()
    with selectors.DefaultSelector() as selector:
        try:
            while pending or running:
                while pending and len(running) < jobs:
                    folder = pending.pop(0)
                    started = _Running(folder.name, command(folder))
                    running[started.handle] = started
                    selector.register(started.handle, selectors.EVENT_READ)
                    terminal.step(f"{folder.name} has begun")
                terminal.tick(_state(running, ended, len(folders)))
                for key, _ in selector.select():
                    selector.unregister(key.fd)
                    terminal.done()
                    ended.append(running.pop(key.fd).end())
        finally:
            terminal.done()
            for at_work in running.values():
                at_work.interrupt()
            ended += [at_work.end() for at_work in running.values()]
    for one in sorted(ended, key=lambda one: one.lab):
        terminal.verdict(one.lab, one.code, one.seconds)
    terminal.note(f"{len(ended)} labs, {jobs} at a time: {time.monotonic() - begun:.0f} s in all")
    return max(one.code for one in ended)


def _state(running: dict[int, _Running], ended: Sequence[Ended], count: int) -> str:
    names = ", ".join(one.lab for one in running.values())
    return f"{len(ended)} of {count} labs done; {names}"
