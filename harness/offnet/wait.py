"""The one place that waits: for an observable state, with a deadline that has a name."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from offnet.errors import DeadlineExpired

T = TypeVar("T")

INTERVAL = 0.005
"""Seconds between two looks. Probes are cheap (a file, a raw socket), so the wait is short."""


class Deadline:
    """A moment by which something must have come; shared by the steps that lead to it."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that remain, never negative."""
        return max(0.0, self._end - time.monotonic())

    def expired(self) -> bool:
        """Whether no time remains."""
        return self.left() == 0.0

    def error(self, what: str, seen: object) -> DeadlineExpired:
        """The error to raise when it has passed: what was awaited, how long, what was last seen."""
        return DeadlineExpired(f"{what}: not within {self.seconds:g} s; last seen: {seen}")


def until(
    probe: Callable[[], T | None],
    *,
    what: str,
    deadline: float | Deadline,
    seen: Callable[[], object] | None = None,
    interval: float = INTERVAL,
) -> T:
    """Call ``probe`` until it returns something true, and return that.

    Raises DeadlineExpired, which names ``what`` was awaited and what was last seen: the last
    value of the probe, or what ``seen`` returns where a state is told better in other words.
    """
    limit = deadline if isinstance(deadline, Deadline) else Deadline(deadline)
    pause = threading.Event()
    while True:
        value = probe()
        if value:
            return value
        if limit.expired():
            raise limit.error(what, seen() if seen else value)
        pause.wait(min(interval, limit.left()))
