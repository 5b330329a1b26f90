"""Faults: each ends without help, within the time that the configuration promises, and all is as before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

from offnet.checks import (
    circuits,
    core_tunnels,
    isolation,
    overlay_reach,
    overlay_routes,
    overlay_sas,
    reach,
    routes,
    sas,
)
from offnet.checks.claim import Claim, Verdict, verdict
from offnet.errors import DeadlineExpired
from offnet.experiments.bench import Bench
from offnet.experiments.faults import SETTLING, Endured, Fault, endure, faults, victim
from offnet.experiments.subjects import Subject
from offnet.network.model import Network
from offnet.runtime.base import RunningLab
from offnet.wait import until

PROOF = 9
TOPICS = (
    sas,
    overlay_sas,
    routes,
    core_tunnels,
    overlay_routes,
    overlay_reach,
    reach,
    isolation,
    circuits,
)


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What a fault cost, and what does not hold after it, by claim."""

    endured: Endured
    wrong: dict[str, str]


def claims(network: Network) -> Iterator[Claim[Any]]:
    """One claim a fault, about one off-net site that has a reverse route."""
    subject = victim(network)
    if subject is not None:
        for fault in faults(network, subject):
            yield _claim(subject, fault)


def _claim(subject: Subject, fault: Fault) -> Claim[Aftermath]:
    cost = "no probe lost" if fault.lossless else f"traffic within {fault.seconds:g} s"
    found = f"the {_sign(subject)} gone within {fault.detect:g} s, then " if fault.detect else ""
    return Claim(
        PROOF,
        f"{fault.name}: the lab returns by itself",
        f"{found}{cost}, and reach, isolation, routes and SAs hold as before",
        lambda bench: _look(bench, subject, fault),
        lambda seen: judge(subject, fault, seen),
    )


def _look(bench: Bench, subject: Subject, fault: Fault) -> Aftermath:
    endured = endure(bench, subject, fault)
    return Aftermath(endured, lasting_mistakes(bench.network, bench.lab, fault.seconds))


def lasting_mistakes(network: Network, lab: RunningLab, seconds: float) -> dict[str, str]:
    """What of reach, isolation, routes and SAs of a network does not hold in time, by claim."""
    wrong: dict[str, str] = {}

    def whole() -> bool:
        nonlocal wrong
        wrong = _wrong(network, lab)
        return not wrong

    with suppress(DeadlineExpired):  # what does not hold is in the answer
        until(whole, what="every proof holds again", deadline=seconds, interval=SETTLING)
    return wrong


def _wrong(network: Network, lab: RunningLab) -> dict[str, str]:
    with closing(Bench(network, lab)) as fresh:
        again = (claim for topic in TOPICS for claim in topic.claims(network))
        proved = {claim.name: claim.prove(fresh) for claim in again}
    return {name: told.seen for name, told in proved.items() if not told.holds}


def judge(subject: Subject, fault: Fault, seen: Aftermath) -> Verdict:
    """Detected in time, back in time, nothing lost where nothing may be, and every proof holds again."""
    cost = seen.endured
    expected = [node for node, _ in subject.tables]
    mistakes = [cost.complaint] if cost.complaint else []
    mistakes += [f"route not back at {node}" for node in expected if node not in cost.back]
    if fault.detect is not None and not cost.gone:
        mistakes.append(f"{_sign(subject)} not gone within {fault.detect:g} s")
    if fault.lossless and cost.lost:
        mistakes.append(f"{cost.lost} of {cost.sent} probes lost")
    mistakes += [f"{name}: {text}" for name, text in seen.wrong.items()]
    went = "".join(
        f"{_sign(subject)} gone from {node} after {took:.1f} s; " for node, took in cost.gone.items()
    )
    return verdict(mistakes, f"{went}{cost.lost} of {cost.sent} probes lost, {cost.outage:.1f} s in all")


def _sign(subject: Subject) -> str:
    """What goes when a site is not there any more."""
    return f"{'route' if subject.tables else 'SA'} of {subject.site.name}"
