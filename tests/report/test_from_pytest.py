"""Results made from pytest's reports."""

from __future__ import annotations

from typing import Literal

import pytest

from offnet.report.from_pytest import ResultCollector, result_of
from offnet.report.model import Outcome

When = Literal["setup", "call", "teardown"]
Word = Literal["passed", "failed", "skipped"]


def _report(
    outcome: Word,
    when: When = "call",
    properties: tuple[tuple[str, object], ...] = (),
    longrepr: object = None,
) -> pytest.TestReport:
    return pytest.TestReport(
        nodeid="labs/x/lab.yml::a check",
        location=("lab.yml", 0, "a check"),
        keywords={},
        outcome=outcome,
        longrepr=longrepr,  # type: ignore[arg-type]  # pytest's own union is private
        when=when,
        duration=0.25,
        user_properties=list(properties),
    )


def test_what_an_item_says_of_itself_is_kept() -> None:
    told = (("proof", 3), ("title", "route at pe2"), ("expected", "a label"), ("seen", "none"))
    result = result_of(_report("failed", properties=told, longrepr="text"))
    assert (result.proof, result.title, result.expected, result.seen) == (
        3, "route at pe2", "a label", "none"
    )  # fmt: skip


def test_a_labs_own_test_is_its_own_point() -> None:
    result = result_of(_report("passed"))
    assert (result.proof, result.title, result.outcome) == (0, "a check", Outcome.PASS)


@pytest.mark.parametrize(
    ("outcome", "when", "properties", "expected"),
    [
        ("passed", "call", (), Outcome.PASS),
        ("failed", "call", (), Outcome.FAIL),
        ("failed", "call", (("outcome", "error"),), Outcome.ERROR),
        ("failed", "setup", (), Outcome.ERROR),
        ("failed", "teardown", (), Outcome.ERROR),
        ("skipped", "setup", (), Outcome.SKIP),
    ],
)
def test_outcomes(
    outcome: Word, when: When, properties: tuple[tuple[str, object], ...], expected: Outcome
) -> None:
    assert result_of(_report(outcome, when, properties)).outcome is expected


def test_a_skip_keeps_its_reason() -> None:
    report = _report("skipped", "setup", longrepr=("lab.yml", 1, "Skipped: rri is static"))
    assert result_of(report).detail == "rri is static"


def test_the_collector_takes_one_result_a_test_and_tells_it() -> None:
    told: list[str] = []
    collector = ResultCollector(ended=lambda result: told.append(result.title))
    for when in ("setup", "call", "teardown"):
        collector.pytest_runtest_logreport(_report("passed", when))
    assert told == ["a check"]
    assert collector.results[0].seconds == pytest.approx(0.5)
