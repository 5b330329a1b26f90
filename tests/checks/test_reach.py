"""Judging reach (proof 1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from offnet.checks import reach as topic
from offnet.checks.claim import Claim
from offnet.checks.sa_pairs import sa_pair
from offnet.experiments.reach import PROBES, PairProbe
from offnet.experiments.state import Sas
from offnet.network.model import Network, Site

Find = Callable[..., Claim[Any]]
Probes = dict[tuple[str, str], PairProbe]


@pytest.fixture
def probes(network: Network, sas: Sas) -> Probes:
    """Every pair of a VPN answers, and the SAs of both sites grow at both ends."""
    sites = network.sites
    pairs = [(a, b) for a in sites for b in sites if a.vpn == b.vpn and a is not b]
    return {
        (a.name, b.name): PairProbe(a.name, b.name, PROBES, PROBES, PROBES, growth(sas, a) | growth(sas, b))
        for a, b in pairs
    }


def growth(sas: Sas, site: Site) -> dict[tuple[str, int], int]:
    pair = sa_pair(sas, site)
    if site.tunnel is None or pair is None:
        return {}
    ends = [
        (node, spi) for node in (site.node, site.tunnel.gateway) for spi in (pair.to_site, pair.to_gateway)
    ]
    return dict.fromkeys(ends, 2 * PROBES)


def changed(probes: Probes, pair: tuple[str, str], **changes: Any) -> Probes:
    return probes | {pair: replace(probes[pair], **changes)}


def test_a_healthy_lab_holds_every_claim(network: Network, sas: Sas, probes: Probes) -> None:
    claims = list(topic.claims(network))
    assert len(claims) == len(probes)
    assert [claim.name for claim in claims if not claim.judge((sas, probes)).holds] == []


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({"to_host": PROBES - 1}, f"{PROBES - 1} of {PROBES} replies from 10.0.67.10"),
        ({"to_marker": 0}, f"0 of {PROBES} replies from 10.0.67."),
    ],
)
def test_missing_replies_are_told(
    network: Network, sas: Sas, probes: Probes, find: Find, *, changes: dict[str, int], seen: str
) -> None:
    pair = ("ce1", "spoke-vpn1-east")
    claim = find(topic.claims(network), "ce1 reaches spoke-vpn1-east")
    verdict = claim.judge((sas, changed(probes, pair, **changes)))
    assert not verdict.holds
    assert verdict.seen.startswith(seen)


def test_an_sa_that_did_not_grow_is_told(network: Network, sas: Sas, probes: Probes, find: Find) -> None:
    pair = ("ce1", "spoke-vpn1-east")
    (node, spi), *_ = probes[pair].growth
    less = {key: count for key, count in probes[pair].growth.items() if key != (node, spi)}
    verdict = find(topic.claims(network), "ce1 reaches spoke-vpn1-east").judge(
        (sas, changed(probes, pair, growth=less))
    )
    assert verdict.seen == f"SA {spi:#010x} at {node} grew by 0, not {2 * PROBES}"


def test_an_sa_of_another_vpn_that_grew_is_told(
    network: Network, sas: Sas, probes: Probes, find: Find
) -> None:
    pair = ("ce1", "spoke-vpn1-east")
    more = probes[pair].growth | {("vpn-gw1-east", 0xDEAD): 2}
    verdict = find(topic.claims(network), "ce1 reaches spoke-vpn1-east").judge(
        (sas, changed(probes, pair, growth=more))
    )
    assert verdict.seen == "SA 0x0000dead at vpn-gw1-east grew by 2, not 0"


def test_a_site_without_sa_is_told(network: Network, sas: Sas, probes: Probes, find: Find) -> None:
    nothing = replace(sas, ike=dict.fromkeys(sas.ike, ()))
    verdict = find(topic.claims(network), "ce1 reaches spoke-vpn1-east").judge((nothing, probes))
    assert "no current SA of spoke-vpn1-east at both ends" in verdict.seen


@pytest.mark.parametrize(("replies", "holds"), [(0, True), (1, False)])
def test_a_site_that_nothing_routes_answers_nobody(
    static: Network, sas: Sas, probes: Probes, find: Find, replies: int, *, holds: bool
) -> None:
    claim = find(
        topic.claims(static), "ce2 gets no reply from spoke-vpn2-east (spoke-vpn2-east has rri: off)"
    )
    looked = changed(probes, ("ce2", "spoke-vpn2-east"), to_host=replies, to_marker=0)
    verdict = claim.judge((sas, looked))
    assert (verdict.holds, verdict.seen) == (holds, f"{replies}+0 replies")
