"""A stream of probes that goes on until it is closed, and knows which of them were lost."""

from __future__ import annotations

import re
from types import TracebackType
from typing import Self

from offnet.experiments.probes import ICMP_AND_IP_HEADERS
from offnet.host.feed import LineFeed
from offnet.network.model import Site
from offnet.runtime.base import RunningLab
from offnet.wait import INTERVAL, Deadline, until

INTERVAL_MS = 20
WAIT_MS = 200
LENGTH = 84
STEADY = 5
"""So many replies in a row mean that traffic flows."""

_OUTCOME = re.compile(r"\[(\d+)\], (?:(timed out)|\d+ bytes)")


class Sending:
    """Probes from one site to another, one every ``interval_ms``. Use as context manager.

    A reply that takes longer than ``wait_ms`` counts as lost.
    """

    def __init__(
        self,
        lab: RunningLab,
        source: Site,
        target: Site,
        wait_ms: int = WAIT_MS,
        interval_ms: int = INTERVAL_MS,
    ) -> None:
        self._on_their_way = wait_ms // interval_ms
        self._argv = ["fping", "-l", "-p", str(interval_ms), "-t", str(wait_ms)]
        self._argv += ["-b", str(LENGTH - ICMP_AND_IP_HEADERS), "-S", str(source.host), str(target.host)]
        self._what = f"{target.name} answers {source.name}"
        self._feed = LineFeed(lab.stream(source.node, self._argv))

    def outcomes(self) -> dict[int, bool]:
        """Whether a probe was answered, by its number; those still on their way are left out."""
        found = (_OUTCOME.search(line) for line in self._feed.lines())
        return {int(match[1]): match[2] is None for match in found if match}

    def await_flow(self, limit: Deadline) -> None:
        """Returns when probes that leave from now on are answered without a gap; DeadlineExpired if not."""
        self._await(STEADY, max(self.outcomes(), default=0) + self._on_their_way, limit, 0.05)

    def await_replies(self, count: int, limit: Deadline) -> None:
        """Returns when so many more probes are answered, one after the other; DeadlineExpired if not."""
        self._await(count, max(self.outcomes(), default=-1), limit, INTERVAL)

    def balance(self) -> tuple[int, int]:
        """How many probes were sent up to the last answered one, and lost; all, where none was answered."""
        outcomes = self.outcomes()
        answered = {number for number, came in outcomes.items() if came}
        sent = max(answered or outcomes, default=-1) + 1
        return sent, sent - len(answered)

    def _await(self, count: int, start: int, limit: Deadline, interval: float) -> None:
        wanted = f"{self._what}: {count} replies in a row"
        until(lambda: self._steady(count, start), what=wanted, deadline=limit, interval=interval)

    def _steady(self, count: int, start: int) -> bool:
        outcomes = self.outcomes()
        last = max(outcomes, default=-1)
        return last - count >= start and all(outcomes.get(last - number, False) for number in range(count))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._feed.close()
