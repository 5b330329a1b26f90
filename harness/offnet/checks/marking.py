"""What becomes of a DSCP: inside tunnels and out, on ESP, and on the labels of the core."""

from __future__ import annotations

from collections.abc import Iterable

from offnet.checks.claim import Verdict
from offnet.experiments.marking import EXPEDITED, PROBES, Marking

CLASS = EXPEDITED >> 3
"""A label's traffic class has three bits (RFC 5462), the first ones of the DSCP."""


def judge_inside(seen: Marking) -> Verdict:
    """The DSCP that a host sets arrives at the other host."""
    return Verdict(seen.inside == (EXPEDITED,) * PROBES, f"DSCP {_list(seen.inside)} inside")


def judge_outside(seen: Marking) -> Verdict:
    """ESP bears the DSCP of what is in it, both ways (RFC 4301 section 5.1.2.1)."""
    ways = (seen.toward, seen.back)
    text = f"DSCP {_list(seen.toward)} on ESP to the aggregator, {_list(seen.back)} from it"
    return Verdict(ways == ((EXPEDITED,) * PROBES,) * 2, text)


def judge_labels(seen: Marking) -> Verdict:
    """Every label of every packet, requests and answers, bears the class of its DSCP."""
    stacks = set(seen.classes)
    right = len(seen.classes) == 2 * PROBES and all(set(stack) == {CLASS} for stack in stacks)
    return Verdict(right, f"traffic classes {_list(stacks)} for DSCP {EXPEDITED}, whose class is {CLASS}")


def _list(values: Iterable[object]) -> str:
    return " ".join(str(value) for value in values) or "none"
