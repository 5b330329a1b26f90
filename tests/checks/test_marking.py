"""What becomes of a DSCP, judged on observations made up by hand."""

from __future__ import annotations

from dataclasses import replace

from offnet.checks.marking import CLASS, judge_inside, judge_labels, judge_outside
from offnet.experiments.marking import EXPEDITED, PROBES, Marking

MARKED = (EXPEDITED,) * PROBES
RIGHT = Marking(MARKED, MARKED, MARKED, ((CLASS, CLASS), (CLASS,)) * PROBES)


def test_a_mark_that_is_everywhere_is_right() -> None:
    assert all(judge(RIGHT).holds for judge in (judge_inside, judge_outside, judge_labels))


def test_a_mark_that_is_missing_somewhere_is_seen() -> None:
    assert not judge_inside(replace(RIGHT, inside=(0,) * PROBES)).holds
    assert not judge_outside(replace(RIGHT, toward=(0,) * PROBES)).holds
    assert not judge_outside(replace(RIGHT, back=(0,) * PROBES)).holds
    linux = judge_labels(replace(RIGHT, classes=((0, 0), (0,)) * PROBES))
    assert not linux.holds
    assert f"for DSCP {EXPEDITED}, whose class is {CLASS}" in linux.seen


def test_nothing_seen_is_not_right() -> None:
    nothing = Marking((), (), (), ())
    verdicts = [judge(nothing) for judge in (judge_inside, judge_outside, judge_labels)]
    assert not any(verdict.holds for verdict in verdicts)
    assert "none" in verdicts[0].seen
