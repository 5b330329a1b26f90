"""Proofs 6 and 7 for incomplete profiles: no SA, and what they should protect is dropped and counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from offnet.checks.claim import Claim, Verdict, verdict
from offnet.experiments.incomplete import PROBES, Dropped, dropped, partner_of
from offnet.network.model import Network, Unprotected


def claims(network: Network) -> Iterator[Claim[Any]]:
    """Two claims for each site whose profile is incomplete."""
    for one in network.unprotected:
        yield _refused(one)
        yield _counted(network, one)


def _refused(one: Unprotected) -> Claim[dict[str, Dropped]]:
    name = one.site.name
    return Claim(
        6,
        f"{name}: no match, no SA: profile {one.profile} is incomplete",
        f"{one.site.pe} finds no profile for {one.address}, and holds no SA of it",
        dropped,
        lambda seen: judge_refused(one, seen[name]),
    )


def judge_refused(one: Unprotected, seen: Dropped) -> Verdict:
    """The aggregator found no profile, and no SA is there."""
    mistakes = [f"SA: {sa}" for sa in seen.sas]
    if not seen.reason:
        mistakes.append(f"{one.site.pe} tells no such reason")
    return verdict(mistakes, seen.reason)


def _counted(network: Network, one: Unprotected) -> Claim[dict[str, Dropped]]:
    name, partner = one.site.name, partner_of(network, one).name
    return Claim(
        7,
        f"{name}: what the incomplete profile {one.profile} should protect is dropped and counted",
        f"{PROBES} probes of {partner} counted at {one.site.pe}, no reply either way",
        dropped,
        lambda seen: judge_counted(seen[name]),
    )


def judge_counted(seen: Dropped) -> Verdict:
    """Every probe was counted where it was dropped, and none answered."""
    mistakes = [f"{seen.counted} of {seen.sent} probes counted"] if seen.counted != seen.sent else []
    mistakes += [f"{seen.into} replies to its partner"] if seen.into else []
    mistakes += [f"{seen.out} replies to the site"] if seen.out else []
    return verdict(mistakes, f"{seen.counted} probes dropped and counted")
