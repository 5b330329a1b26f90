"""Where one artifact is made: its commands, their log, and the way to stop them."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import IO

from offnet.artifacts.machine import search_path, userns_advice
from offnet.artifacts.progress import Progress
from offnet.errors import ArtifactError

# The environment of a user reaches a build only so far: a MAKEFLAGS or CFLAGS would change its result.
PASSED_ON = re.compile(r"HOME|USER|LOGNAME|LANG|APT_CONFIG|(https?|ftp|no|all)_proxy", re.IGNORECASE)
MOUNT_ADVICE = "This root may not mount: in a container it needs the capability SYS_ADMIN (or --privileged)."
GRACE_SECONDS = 20.0
# Its standard input is a pipe from us: it ends when we do, however that happens.
GUARD = ("sh", "-c", "read -r _; kill -TERM 0")
TAIL_LINES = 12

# What a line of a failed build means to its user.
HINTS = (
    (r"No space left on device", "The disk is full: free some, or set TMPDIR and XDG_CACHE_HOME."),
    (
        r"NO_PUBKEY|is not signed|EXPKEYSIG",
        "This machine's Debian keys are too old for trixie: update the package debian-archive-keyring.",
    ),
    (
        r"Could not resolve|Temporary failure|Unable to connect|Connection (timed out|refused)",
        "A package server could not be reached: the first build needs the network.",
    ),
)
REFUSED = re.compile(r"(unshare|newuidmap|CLONE_NEWUSER|user namespace|mount).*(not permitted|denied|fail)")


class Cancelled(Exception):  # noqa: N818  an order that was followed, not an error
    """The build was asked to stop; nobody needs to be told anything else."""


class Processes:
    """The running commands of all builds of one call, so that they can be stopped together.

    Each has a process group of its own, led by a guard that ends the group when this process is gone.
    """

    def __init__(self) -> None:
        self.cancelled = threading.Event()
        self._lock = threading.Lock()
        self._running: dict[subprocess.Popen[bytes], subprocess.Popen[bytes]] = {}

    def start(
        self, argv: Sequence[str], env: Mapping[str, str], pass_fds: Sequence[int]
    ) -> subprocess.Popen[bytes]:
        """Start a command with its output in a pipe."""
        with self._lock:
            if self.cancelled.is_set():
                raise Cancelled
            guard = subprocess.Popen(GUARD, stdin=subprocess.PIPE, cwd="/", process_group=0)
            try:
                process = subprocess.Popen(
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    env=env,
                    cwd="/",
                    pass_fds=pass_fds,
                    process_group=guard.pid,
                )
            except OSError:
                _dismiss(guard)
                raise
            self._running[process] = guard
            return process

    def finish(self, process: subprocess.Popen[bytes]) -> int:
        """Wait for a command whose output has ended, and return its status."""
        try:
            return process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            _signal_group(self._running[process], signal.SIGKILL)
            return process.wait(GRACE_SECONDS)
        finally:
            with self._lock:
                _dismiss(self._running.pop(process))

    def cancel(self) -> None:
        """Ask every command to end, then make it."""
        with self._lock:
            self.cancelled.set()
            running = dict(self._running)
        for guard in running.values():
            _signal_group(guard, signal.SIGTERM)
        for process, guard in running.items():
            try:
                process.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                _signal_group(guard, signal.SIGKILL)


def _signal_group(guard: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # it ended by itself
        os.killpg(guard.pid, number)


def _dismiss(guard: subprocess.Popen[bytes]) -> None:
    """End a guard whose command has ended, without its raising the alarm."""
    guard.kill()
    guard.communicate()


@dataclass
class Workshop:
    """One build: ``output`` becomes the artifact, ``scratch`` vanishes, ``log`` keeps what was said.

    ``parts`` are the folders of the artifacts that it is made from, by kind.
    """

    title: str
    output: Path
    scratch: Path
    log: Path
    progress: Progress
    processes: Processes
    step_name: str = "starting"
    parts: Mapping[str, Path] = field(default_factory=dict)
    _tail: deque[str] = field(default_factory=lambda: deque(maxlen=TAIL_LINES))
    _heard: list[str] = field(default_factory=list)

    def step(self, name: str, estimate_seconds: float) -> None:
        """Say that a part of the build begins."""
        self.step_name = name
        self.progress.step(f"{self.title}: {name}", estimate_seconds)

    def run(
        self,
        argv: Sequence[str],
        *,
        extra_env: Mapping[str, str] = MappingProxyType({}),
        pass_fds: Sequence[int] = (),
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        """Run a command to its end, its output into the log; raise ArtifactError when it fails."""
        environment = {**clean_environment(), **extra_env, "TMPDIR": str(self.scratch)}
        with self.log.open("ab") as log:
            log.write(f"$ {' '.join(argv)}\n".encode())
            try:
                process = self.processes.start(argv, environment, pass_fds)
            except OSError as error:
                raise self.failure(f"{argv[0]}: {error.strerror}") from error
            try:
                self._follow(process, log, on_line or self.tick)
            finally:
                status = self.processes.finish(process)
        if self.processes.cancelled.is_set():
            raise Cancelled
        if status:
            raise self.failure(f"{argv[0]} ended with status {status}")

    def tick(self, message: str) -> None:
        """Say that something moved."""
        self.progress.tick(f"{self.title}: {message}")

    def failure(self, what: str) -> ArtifactError:
        """Build the error that names the step, what is known about the cause, and the log."""
        advice = [line.removeprefix("offnet: ") for line in self._heard if line.startswith("offnet: ")]
        advice += [hint for pattern, hint in HINTS if any(re.search(pattern, line) for line in self._heard)]
        if any(REFUSED.search(line) for line in self._heard):
            advice += [MOUNT_ADVICE if os.geteuid() == 0 else userns_advice()]
        parts = [
            f"The {self.title} could not be built: {what} while {self.step_name}.",
            *filter(None, advice),
            "Its last lines:",
            *(f"    {line}" for line in self._tail),
            f"Log: {self.log}",
        ]
        return ArtifactError("\n".join(parts))

    def _follow(
        self, process: subprocess.Popen[bytes], log: IO[bytes], on_line: Callable[[str], None]
    ) -> None:
        assert process.stdout is not None  # noqa: S101  for the type checker: Processes.start asked for a pipe
        with process.stdout as output:
            for raw in output:
                log.write(raw)
                line = raw.decode(errors="replace").rpartition("\r")[2].rstrip()
                if not line:
                    continue
                self._tail.append(line)
                if not line.startswith("  "):  # compiler progress explains nothing
                    self._heard.append(line)
                on_line(line)


def clean_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the part of the environment that a build may see."""
    kept = {name: value for name, value in environ.items() if PASSED_ON.fullmatch(name)}
    return {**kept, "PATH": search_path(environ), "LC_ALL": "C.UTF-8"}
