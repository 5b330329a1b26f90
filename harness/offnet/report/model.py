"""What a run found out: results, phases and the run they belong to.

Everything is frozen. The verdict is computed from the results, never stored next to them.
The JSON form is documented in ``docs/results.md`` and carries ``SCHEMA_VERSION``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

SCHEMA_VERSION = 1

FAULTS = 9
"""The number of what is proved only on demand."""

PROOFS: Mapping[int, str] = {
    1: "Reach",
    2: "Isolation",
    3: "Routes",
    4: "Wire",
    5: "SAs",
    6: "Refusals",
    7: "Fail closed",
    8: "Robust injection",
    FAULTS: "Faults",
    0: "The lab's own point",
}
"""The eight proofs every lab owes, faults on demand, and 0, the lab's own point; as they are reported."""


class Outcome(StrEnum):
    """What became of one check: ``fail`` looked and saw something wrong, ``error`` could not look."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    FAIL = "fail"
    ERROR = "error"
    SKIP = "skip"


WRONG = frozenset({Outcome.FAIL, Outcome.ERROR})

MARKS: Mapping[Outcome, str] = {
    Outcome.PASS: "✓",
    Outcome.FAIL: "✗",
    Outcome.ERROR: "!",
    Outcome.SKIP: "-",
}
WORDS: Mapping[Outcome, str] = {
    Outcome.PASS: "passed",
    Outcome.FAIL: "failed",
    Outcome.ERROR: "error",
    Outcome.SKIP: "skipped",
}
NAMES: Mapping[str, str] = {
    "frr": "FRR",
    "strongswan": "strongSwan",
    "kernel": "Kernel",
    "image": "Node image",
}
"""How reports call the components whose versions a run holds."""

TEACHING = (
    "The as-printed variant uses the algorithms of its time (DES, 3DES, MD5, group 2): for teaching only."
)


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one check.

    ``id`` is the pytest node id, ``title`` the name people read. ``detail`` is the long form:
    the failure's explanation, or the reason of a skip.
    """

    proof: int
    id: str
    title: str
    outcome: Outcome
    expected: str = ""
    seen: str = ""
    detail: str = ""
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.proof not in PROOFS:
            raise ValueError(f"there is no proof {self.proof}; proofs are {min(PROOFS)} to {max(PROOFS)}")


@dataclass(frozen=True, slots=True)
class Phase:
    """One stretch of a run and how long it took."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one lab: where, with what, how long, and what was found.

    ``reason`` says why that host and runtime were chosen. ``started`` is ISO 8601.
    ``versions`` maps a component (offnet, kernel, frr, strongswan, image) to its version.
    """

    lab: str
    title: str
    crypto: str
    runtime: str
    host: str
    reason: str
    started: str
    versions: Mapping[str, str] = field(default_factory=dict)
    phases: tuple[Phase, ...] = ()
    results: tuple[Result, ...] = ()

    @property
    def verdict(self) -> Outcome:
        """What the results amount to; see ``verdict()``."""
        return verdict(self.results)

    @property
    def seconds(self) -> float:
        """The sum of all phases."""
        return sum(phase.seconds for phase in self.phases)


def verdict(results: Iterable[Result]) -> Outcome:
    """The worst outcome wins: error, then fail; pass needs at least one pass, else it is a skip."""
    outcomes = {result.outcome for result in results}
    for outcome in (Outcome.ERROR, Outcome.FAIL, Outcome.PASS):
        if outcome in outcomes:
            return outcome
    return Outcome.SKIP


def exit_code(outcome: Outcome) -> int:
    """What a command exits with: 0 only when something was proved and nothing was wrong."""
    return 0 if outcome is Outcome.PASS else 1


def by_proof(results: Iterable[Result]) -> tuple[tuple[int, tuple[Result, ...]], ...]:
    """The results grouped by proof, in reporting order; proofs without a result are left out."""
    found = tuple(results)
    groups = ((proof, tuple(r for r in found if r.proof == proof)) for proof in PROOFS)
    return tuple((proof, group) for proof, group in groups if group)


def wrong(results: Iterable[Result]) -> tuple[Result, ...]:
    """The results that somebody has to look at, in the order given."""
    return tuple(result for result in results if result.outcome in WRONG)


def tally(results: Iterable[Result]) -> str:
    """The counts in words: ``41 passed, 1 failed, 2 skipped``."""
    counts = Counter(result.outcome for result in results)
    parts = [
        f"{counts[o]} {'errors' if o is Outcome.ERROR and counts[o] > 1 else word}"
        for o, word in WORDS.items()
        if counts[o]
    ]
    return ", ".join(parts) or "nothing was checked"


def to_json(run: Run) -> str:
    """The run as JSON text that ``from_json`` reads back."""
    document = {"schema": SCHEMA_VERSION, "verdict": run.verdict.value, **asdict(run)}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def from_json(text: str) -> Run:
    """The run that ``to_json`` wrote; ValueError for another schema version or a damaged file."""
    document: dict[str, Any] = json.loads(text)
    version = document.pop("schema", None)
    if version != SCHEMA_VERSION:
        raise ValueError(f"results of schema version {version}; this offnet reads version {SCHEMA_VERSION}")
    document.pop("verdict", None)
    try:
        phases = tuple(Phase(**phase) for phase in document.pop("phases"))
        results = tuple(
            Result(**{**result, "outcome": Outcome(result["outcome"])}) for result in document.pop("results")
        )
        return Run(**document, phases=phases, results=results)
    except (KeyError, TypeError) as error:
        raise ValueError(f"not the results of a run: {error}") from error
