"""Judging injection (proof 8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from offnet.checks import injection as topic
from offnet.checks.claim import Claim
from offnet.experiments.injection import ANYTHING, PROBES, Greed, Rekeying
from offnet.experiments.subjects import Subject, subjects
from offnet.network.model import Network

Find = Callable[..., Claim[Any]]


@pytest.fixture
def rekeyed(subject: Subject) -> Rekeying:
    return Rekeying(40, 0, PROBES, 1, 2, tuple(node for node, _ in subject.tables))


@pytest.mark.parametrize("wish", ["partner", "everything"])
def test_only_its_own_lan_is_protected(network: Network, subject: Subject, find: Find, wish: str) -> None:
    prefix = str(subject.partner.lan) if wish == "partner" else ANYTHING
    claim = find(topic.claims(network), subject.site.name, f"({prefix})")

    def judged(given: dict[str, tuple[str, ...]]) -> tuple[bool, str]:
        verdict = claim.judge({subject.site.name: Greed(given)})
        return verdict.holds, verdict.seen

    own = str(subject.site.lan)
    assert judged({prefix: ()}) == (True, "protected: nothing")
    assert judged({prefix: (own, own)}) == (True, f"protected: {own}")
    assert judged({prefix: (own, prefix)}) == (False, f"SA for {prefix}")
    assert judged({}) == (False, f"{prefix} was not proposed")


def test_a_rekeying_that_nobody_notices_holds(
    network: Network, subject: Subject, rekeyed: Rekeying, find: Find
) -> None:
    claim = find(topic.claims(network), subject.site.name, "rekeys")
    assert claim.judge({subject.site.name: rekeyed}).holds


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({"after": 1}, "the same SPI as before"),
        ({"routed": ("vpn-gw1-east",)}, "no route at pe2"),
        ({"lost": 40}, "none of 40 probes answered meanwhile"),
        ({"answered": PROBES - 1}, f"{PROBES - 1} of {PROBES} probes answered afterwards"),
    ],
)
def test_what_a_rekeying_costs_is_told(
    network: Network, subject: Subject, rekeyed: Rekeying, find: Find, *, changes: dict[str, Any], seen: str
) -> None:
    claim = find(topic.claims(network), subject.site.name, "rekeys")
    verdict = claim.judge({subject.site.name: replace(rekeyed, **changes)})
    assert (verdict.holds, verdict.seen) == (False, seen)


def test_a_site_without_reverse_route_owes_no_rekeying_of_it(static: Network) -> None:
    off = subjects(static)[1].site.name
    assert not [claim.name for claim in topic.claims(static) if off in claim.name and "rekeys" in claim.name]
