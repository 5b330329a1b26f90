"""Probes that go on while something else is done."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from offnet.experiments.probes import probe
from offnet.network.model import Site
from offnet.runtime.base import RunningLab

LENGTH = 84
COUNT = 40  # at 10 ms: longer than a rekeying takes


@contextmanager
def traffic(lab: RunningLab, source: Site, target: Site) -> Iterator[Future[tuple[int, int]]]:
    """Probes from one site to another from now on; the future holds (sent, received) after the block."""

    def send() -> tuple[int, int]:
        answers = probe(lab, source.node, source.host, (target.host,), count=COUNT, length=LENGTH)
        return answers.sent, answers.received[target.host]

    with ThreadPoolExecutor(max_workers=1) as pool:
        yield pool.submit(send)
