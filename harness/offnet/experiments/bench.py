"""A running lab on the bench: experiments run once, their observations are shared by many claims."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from offnet.errors import LabRunError
from offnet.network.model import Network
from offnet.observe.vici import Vici
from offnet.runtime.base import RunningLab

T = TypeVar("T")
K = TypeVar("K")


class Bench:
    """A network and the lab that runs it. Close it: it holds connections into the nodes."""

    def __init__(self, network: Network, lab: RunningLab) -> None:
        self.network = network
        self.lab = lab
        self._observations: dict[Callable[[Bench], Any], Any] = {}
        self._failures: dict[Callable[[Bench], Any], LabRunError] = {}
        self._vici: dict[tuple[str, str], Vici] = {}
        self._closing: list[Callable[[], object]] = []

    def once(self, experiment: Callable[[Bench], T]) -> T:
        """The observation of an experiment, made at the first call; its error again at every later one."""
        if experiment in self._failures:
            raise self._failures[experiment]
        if experiment not in self._observations:
            try:
                self._observations[experiment] = experiment(self)
            except LabRunError as error:
                self._failures[experiment] = error
                raise
        observation: T = self._observations[experiment]
        return observation

    def vici(self, node: str, user: str = "") -> Vici:
        """A connection to the charon of a node, opened at its first use and again after it broke.

        One connection serves one thread: who works beside others names itself as ``user``.
        """
        return self._vici.setdefault((node, user), Vici(self.lab, node))

    def forget_vici(self, node: str) -> None:
        """Drops the connections to a charon that has been restarted."""
        for (name, _), vici in self._vici.items():
            if name == node:
                vici.close()

    def on_close(self, action: Callable[[], object]) -> None:
        """Runs an action when the bench is closed, the last one first."""
        self._closing.append(action)

    def close(self) -> None:
        """Ends captures and connections."""
        while self._closing:
            self._closing.pop()()
        for vici in self._vici.values():
            vici.close()


def gather(keys: Iterable[K], question: Callable[[K], T]) -> dict[K, T]:
    """Asks for every key at the same time; the first error is raised after all have answered."""
    ordered = list(keys)
    with ThreadPoolExecutor(max_workers=max(1, len(ordered))) as pool:
        return dict(zip(ordered, pool.map(question, ordered), strict=True))
