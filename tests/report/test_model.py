"""Results, their verdict and their JSON form."""

from __future__ import annotations

import json

import pytest

from offnet.report.model import (
    Outcome,
    Phase,
    Result,
    Run,
    by_proof,
    exit_code,
    from_json,
    tally,
    to_json,
    verdict,
)


def _result(outcome: Outcome, proof: int = 1) -> Result:
    return Result(proof, f"lab.yml::{proof}-{outcome}", "a check", outcome)


def _run(*results: Result) -> Run:
    return Run(
        lab="single-ip",
        title="A lab",
        crypto="modern",
        runtime="netns",
        host="sandbox",
        reason="no VRF here",
        started="2026-01-02T03:04:05+00:00",
        versions={"frr": "10.3"},
        phases=(Phase("boot", 0.5), Phase("prove", 2.25)),
        results=results,
    )


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ((), Outcome.SKIP),
        ((Outcome.SKIP,), Outcome.SKIP),
        ((Outcome.PASS, Outcome.SKIP), Outcome.PASS),
        ((Outcome.PASS, Outcome.FAIL), Outcome.FAIL),
        ((Outcome.FAIL, Outcome.ERROR, Outcome.PASS), Outcome.ERROR),
    ],
)
def test_the_worst_outcome_is_the_verdict(outcomes: tuple[Outcome, ...], expected: Outcome) -> None:
    assert verdict(_result(outcome) for outcome in outcomes) is expected


@pytest.mark.parametrize(
    ("outcome", "code"), [(Outcome.PASS, 0), (Outcome.FAIL, 1), (Outcome.ERROR, 1), (Outcome.SKIP, 1)]
)
def test_only_a_proof_exits_with_zero(outcome: Outcome, code: int) -> None:
    assert exit_code(outcome) == code


def test_json_round_trip() -> None:
    run = _run(_result(Outcome.PASS), _result(Outcome.FAIL, 3))
    assert from_json(to_json(run)) == run


def test_json_says_schema_and_verdict_for_programs() -> None:
    document = json.loads(to_json(_run(_result(Outcome.FAIL))))
    assert (document["schema"], document["verdict"], document["results"][0]["outcome"]) == (1, "fail", "fail")


def test_another_schema_version_is_refused() -> None:
    text = to_json(_run()).replace('"schema": 1', '"schema": 99')
    with pytest.raises(ValueError, match="schema version 99"):
        from_json(text)


def test_a_damaged_file_is_refused() -> None:
    with pytest.raises(ValueError, match="not the results of a run"):
        from_json('{"schema": 1}')


def test_there_is_no_tenth_proof() -> None:
    with pytest.raises(ValueError, match="no proof 10"):
        _result(Outcome.PASS, 10)


def test_groups_come_in_reporting_order_with_the_labs_own_point_last() -> None:
    results = (_result(Outcome.PASS, 0), _result(Outcome.PASS, 5), _result(Outcome.PASS, 2))
    assert [proof for proof, _ in by_proof(results)] == [2, 5, 0]


def test_tally_in_words() -> None:
    results = [_result(o) for o in (Outcome.PASS, Outcome.PASS, Outcome.ERROR, Outcome.SKIP)]
    assert tally(results) == "2 passed, 1 error, 1 skipped"
