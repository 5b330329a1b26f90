"""Judging isolation (proof 2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from offnet.checks import isolation as topic
from offnet.checks.claim import Claim
from offnet.experiments.isolation import (
    PROBES,
    Isolation,
    foreign_markers,
    global_addresses,
    lengths,
    shared_targets,
)
from offnet.network.model import Network

Find = Callable[..., Claim[Any]]


@pytest.fixture
def observed(network: Network) -> Isolation:
    """Tagged probes that arrived at home only, and forbidden targets that said nothing."""
    tags = lengths(network)
    arrived: dict[str, dict[int, int]] = {site.name: {} for site in network.sites}
    for source in network.sites:
        for target in shared_targets(network, source):
            arrived[target.name][tags[source.name]] = PROBES
    forbidden = {
        site.name: dict.fromkeys(
            [*(other.marker for other in foreign_markers(network, site)), *global_addresses(network)], 0
        )
        for site in network.sites
    }
    return Isolation(PROBES, tags, forbidden, arrived)


def test_a_healthy_lab_holds_every_claim(network: Network, observed: Isolation) -> None:
    assert [claim.name for claim in topic.claims(network) if not claim.judge(observed).holds] == []


def test_every_site_has_its_own_tag(network: Network) -> None:
    assert len(set(lengths(network).values())) == len(network.sites)


def test_probes_that_do_not_arrive_are_told(network: Network, observed: Isolation, find: Find) -> None:
    lost = replace(observed, arrived=observed.arrived | {"ce1": {}})
    claim = find(topic.claims(network), "spoke-vpn1-east: probes to 10.1.1.10")
    assert claim.judge(lost).seen == "0 arrived at ce1"


def test_probes_that_arrive_at_the_twin_are_told(network: Network, observed: Isolation, find: Find) -> None:
    tag = observed.lengths["spoke-vpn1-east"]
    leaked = replace(observed, arrived=observed.arrived | {"ce2": observed.arrived["ce2"] | {tag: 1}})
    verdict = find(topic.claims(network), "spoke-vpn1-east: probes to 10.1.1.10").judge(leaked)
    assert (verdict.holds, verdict.seen) == (False, "1 arrived at ce2")


@pytest.mark.parametrize(
    "name", ["ce1 reaches no host of another VPN", "ce1 reaches no address of the provider"]
)
def test_an_answer_of_a_forbidden_address_is_told(
    network: Network, observed: Isolation, find: Find, name: str
) -> None:
    claim = find(topic.claims(network), name)
    foreign = foreign_markers(network, network.site("ce1"))[0].marker
    address = foreign if "host" in name else global_addresses(network)[0]
    answers = observed.answers["ce1"] | {address: 2}
    verdict = claim.judge(replace(observed, answers=observed.answers | {"ce1": answers}))
    assert (verdict.holds, verdict.seen) == (False, f"{address} answered 2 times")


def test_nothing_tried_proves_nothing(network: Network, observed: Isolation, find: Find) -> None:
    claim = find(topic.claims(network), "ce1 reaches no host of another VPN")
    verdict = claim.judge(replace(observed, answers=observed.answers | {"ce1": {}}))
    assert (verdict.holds, verdict.seen) == (False, "nothing was tried")


def test_nothing_arrives_where_nothing_leads(static: Network, observed: Isolation, find: Find) -> None:
    claim = find(topic.claims(static), "ce2: probes to 10.0.67.10")
    assert claim.judge(observed).seen == f"{PROBES} arrived at spoke-vpn2-east"
    assert claim.judge(replace(observed, arrived={name: {} for name in observed.arrived})).holds
