"""Results out of a pytest session: a plugin that turns its reports into ``Result`` values.

An item says what it proves in its user properties: ``proof``, ``title``, ``expected``, ``seen``.
Items without them (a lab's own tests) count as the lab's own point, named by their test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from offnet.report.model import Outcome, Result


class ResultCollector:
    """A pytest plugin. ``results`` fill as tests end; the callbacks tell how far they are."""

    def __init__(
        self,
        counted: Callable[[int], None] = lambda _count: None,
        begun: Callable[[str], None] = lambda _title: None,
        ended: Callable[[Result], None] = lambda _result: None,
    ) -> None:
        self.results: list[Result] = []
        self._counted = counted
        self._begun = begun
        self._ended = ended
        self._setup_seconds = 0.0

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Tells how many tests will run."""
        self._counted(len(session.items))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """What cannot be collected is an error: it could not look."""
        if report.failed:
            self._add(
                Result(
                    0, report.nodeid, f"collect {report.nodeid}", Outcome.ERROR, detail=report.longreprtext
                )
            )

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Tells what begins."""
        self._begun(nodeid.rpartition("::")[2])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One result a test: of its call, or of the setup or teardown that went wrong or was skipped."""
        if report.when == "setup":
            self._setup_seconds = report.duration
        if report.when == "call" or not report.passed:
            self._add(result_of(report, self._setup_seconds if report.when == "call" else 0.0))

    def _add(self, result: Result) -> None:
        self.results.append(result)
        self._ended(result)


def result_of(report: pytest.TestReport, setup_seconds: float = 0.0) -> Result:
    """The result that a report amounts to."""
    told = {key: str(value) for key, value in report.user_properties}
    return Result(
        proof=int(told.get("proof", "0")),
        id=report.nodeid,
        title=told.get("title") or report.nodeid.rpartition("::")[2],
        outcome=_outcome(report, told),
        expected=told.get("expected", ""),
        seen=told.get("seen", ""),
        detail=_detail(report, told),
        seconds=round(report.duration + setup_seconds, 4),
    )


def _outcome(report: pytest.TestReport, told: dict[str, str]) -> Outcome:
    """A test whose call fails has looked, unless it says ``outcome`` error; one whose setup fails has not."""
    if report.skipped:
        return Outcome.SKIP
    if report.passed:
        return Outcome.PASS
    if report.when != "call":
        return Outcome.ERROR
    return Outcome(told.get("outcome", Outcome.FAIL))


def _detail(report: pytest.TestReport, told: dict[str, str]) -> str:
    if hasattr(report, "wasxfail"):
        return f"expected failure: {report.wasxfail}"
    if report.skipped and isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    if report.failed:
        return told.get("detail") or report.longreprtext
    return ""


def properties(**told: Any) -> list[tuple[str, object]]:
    """User properties for an item or report, in the form that ``result_of`` reads."""
    return list(told.items())
