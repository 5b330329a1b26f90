"""How a build tells what it is doing; the command line decides how that looks."""

from __future__ import annotations

import threading
from typing import Protocol


class Progress(Protocol):
    """Receives the steps of one or more builds, possibly from several threads."""

    def step(self, name: str, estimate_seconds: float) -> None:
        """A step has begun and is expected to take that long on two cores."""

    def tick(self, message: str) -> None:
        """Something moved inside a step; ``message`` starts with the title of the artifact."""


class Silent:
    """A Progress that shows nothing."""

    def step(self, name: str, estimate_seconds: float) -> None:
        """Show nothing."""

    def tick(self, message: str) -> None:
        """Show nothing."""


class Remembered:
    """A Progress that keeps what it was told, for tests."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.ticks: list[str] = []

    def step(self, name: str, estimate_seconds: float) -> None:  # noqa: ARG002  part of the protocol
        """Keep the step's name."""
        self.steps.append(name)

    def tick(self, message: str) -> None:
        """Keep the message."""
        self.ticks.append(message)


class OneAtATime:
    """Hands everything to another Progress, one call at a time."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lock = threading.Lock()

    def step(self, name: str, estimate_seconds: float) -> None:
        """Hand the step on."""
        with self._lock:
            self._progress.step(name, estimate_seconds)

    def tick(self, message: str) -> None:
        """Hand the tick on."""
        with self._lock:
            self._progress.tick(message)
