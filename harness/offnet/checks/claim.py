"""A claim: what a lab owes, how to look, and how to judge what was seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from offnet.experiments.bench import Bench

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of one claim: whether it holds, and what was seen either way."""

    holds: bool
    seen: str


@dataclass(frozen=True, slots=True)
class Claim(Generic[T]):
    """One claim of one proof. ``judge`` is pure: it can be tried on recorded observations."""

    proof: int
    name: str
    expected: str
    look: Callable[[Bench], T]
    judge: Callable[[T], Verdict]

    def prove(self, bench: Bench) -> Verdict:
        """Looks (an experiment runs once per bench) and judges."""
        return self.judge(bench.once(self.look))


def verdict(mistakes: list[str], seen: str) -> Verdict:
    """Holds when there are no mistakes; else the mistakes are what was seen."""
    return Verdict(not mistakes, "; ".join(mistakes) if mistakes else seen)
