"""Judging what is particular to GRE: probes counted at tunnels, SAs in transport mode, learned routes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from offnet import intent, resources
from offnet.checks import injection, reach
from offnet.checks import routes as route_topic
from offnet.checks import sas as sa_topic
from offnet.checks.claim import Claim
from offnet.checks.sa_pairs import sa_pair
from offnet.design import design
from offnet.experiments.announcing import Announced, announceable, announcements
from offnet.experiments.crossings import crossings_of
from offnet.experiments.reach import PROBES, PairProbe
from offnet.experiments.state import Routes, Sas, Tunnels
from offnet.experiments.subjects import subjects
from offnet.network.model import Crypto, Network, Site
from offnet.observe.kernel_model import Hop, InterfaceState, KernelRoute

Find = Callable[..., Claim[Any]]
EAST, NORTH, REMOTE = "spoke-vpn2-east", "spoke-vpn2-north", "ce2"
ADDRESSES = 2  # the shared host and the marker


@pytest.fixture(params=list(Crypto))
def network(request: pytest.FixtureRequest) -> Network:
    return design(intent.load(resources.labs() / "gre"), request.param)


def probes(network: Network, state: Sas, *ways: str, surplus: int = 0) -> PairProbe:
    """A pair that answers; what it sends is counted at the tunnels of these sites."""
    sites = [network.site(name) for name in ways]
    grew = {end: ADDRESSES * PROBES + surplus for site in sites for end in ends(state, site)}
    crossed = {place: ADDRESSES * PROBES for site in sites for place in crossings_of(site)}
    return PairProbe(EAST, REMOTE, PROBES, PROBES, PROBES, grew, crossed)


def ends(state: Sas, site: Site) -> list[tuple[str, int]]:
    pair = sa_pair(state, site)
    assert pair is not None
    assert site.tunnel is not None
    spis = (pair.to_site, pair.to_gateway)
    return [(node, spi) for node in (site.node, site.tunnel.gateway) for spi in spis]


@pytest.fixture
def reaches(network: Network, find: Find) -> Claim[Any]:
    return find(reach.claims(network), f"{EAST} reaches {REMOTE}")


def test_an_sa_may_carry_routing_beside_the_probes(network: Network, sas: Sas, reaches: Claim[Any]) -> None:
    for surplus in (0, 7):
        assert reaches.judge((sas, {(EAST, REMOTE): probes(network, sas, EAST, surplus=surplus)})).holds
    idle = probes(network, sas, EAST)
    other = dict.fromkeys(ends(sas, network.site(NORTH)), 3)
    assert reaches.judge((sas, {(EAST, REMOTE): replace(idle, growth=idle.growth | other)})).holds


def test_an_sa_that_carried_less_than_the_probes_is_told(
    network: Network, sas: Sas, reaches: Claim[Any]
) -> None:
    verdict = reaches.judge((sas, {(EAST, REMOTE): probes(network, sas, EAST, surplus=-1)}))
    assert not verdict.holds
    assert f"grew by {ADDRESSES * PROBES - 1}, not {ADDRESSES * PROBES}" in verdict.seen


def test_probes_that_took_another_tunnel_are_told(network: Network, sas: Sas, reaches: Claim[Any]) -> None:
    astray = replace(
        probes(network, sas, EAST),
        crossed=dict.fromkeys(crossings_of(network.site(NORTH)), ADDRESSES * PROBES),
    )
    verdict = reaches.judge((sas, {(EAST, REMOTE): astray}))
    assert not verdict.holds
    assert f"0 probes in gre1 of {EAST}, not 6" in verdict.seen
    assert f"6 probes in gre1 of {NORTH}, not 0" in verdict.seen


def test_sas_of_a_healthy_lab_hold(network: Network, sas: Sas) -> None:
    claims = [claim for claim in sas_claims(network) if "GRE tunnel ends" not in claim.name]
    assert [(claim.name, claim.judge(sas).seen) for claim in claims if not claim.judge(sas).holds] == []


def sas_claims(network: Network) -> list[Claim[Any]]:
    return list(sa_topic.claims(network))


def interface(name: str, **state: Any) -> InterfaceState:
    known: dict[str, Any] = {
        "index": 1,
        "up": True,
        "kind": "gre",
        "parent": None,
        "if_id": None,
        "table": None,
    }
    return InterfaceState(name=name, rx_packets=0, tx_packets=0, **(known | state))


@pytest.fixture
def tunnels(network: Network) -> Tunnels:
    """Both ends of every tunnel as the network wants them."""
    state: Tunnels = {}
    for site, tunnel in network.tunnels():
        gre = tunnel.gre
        if gre is None:
            continue
        far = interface(gre.site_interface, mtu=gre.mtu, master=None, addresses=(gre.site_inside,))
        near = interface(
            gre.gateway_interface, mtu=gre.mtu, master=tunnel.vrf, addresses=(gre.gateway_inside,)
        )
        state |= {site.node: (far,), tunnel.gateway: (*state.get(tunnel.gateway, ()), near)}
    return state


@pytest.mark.parametrize(
    ("changes", "told"),
    [({"master": None}, "VRF none"), ({"mtu": 1476}, "MTU 1476"), ({"up": False}, "down")],
)
def test_a_tunnel_is_what_the_intent_says(
    network: Network, find: Find, tunnels: Tunnels, changes: dict[str, Any], told: str
) -> None:
    claim = find(sas_claims(network), f"{EAST}: its GRE tunnel")
    assert claim.judge(tunnels).holds
    gateway = network.site(EAST).pe
    broken = tuple(replace(one, **changes) if one.name == EAST else one for one in tunnels[gateway])
    verdict = claim.judge(tunnels | {gateway: broken})
    assert not verdict.holds
    assert told in verdict.seen
    assert claim.judge(tunnels | {gateway: ()}).seen == f"{gateway} has no interface {EAST}"


def test_routes_of_a_healthy_lab_hold(network: Network, routes: Routes) -> None:
    claims = list(topic(network))
    assert [(c.name, c.judge(routes).seen) for c in claims if not c.judge(routes).holds] == []


def topic(network: Network) -> list[Claim[Any]]:
    return list(route_topic.claims(network))


def test_a_route_by_another_way_is_told(network: Network, find: Find, routes: Routes) -> None:
    claim = find(topic(network), f"{EAST}: learns")
    (first, *others) = routes.kernel[EAST]
    static = replace(first, protocol="static")
    verdict = claim.judge(replace(routes, kernel=routes.kernel | {EAST: (static, *others)}))
    assert not verdict.holds
    assert f"{first.prefix} static" in verdict.seen


def test_what_is_announced_must_be_heard_and_not_taken(network: Network, find: Find) -> None:
    subject = next(one for one in subjects(network) if one.site.name == EAST)
    assert subject.tunnel.gre is not None
    claim = find(injection.claims(network), f"{EAST}: announces")
    assert claim.look is announcements
    prefixes = announceable(subject)
    assert claim.judge({EAST: Announced(prefixes, prefixes, ())}).holds
    assert "has not heard of 0.0.0.0/0" in claim.judge({EAST: Announced(prefixes, prefixes[:1], ())}).seen
    _, table = subject.tables[0]
    hop = Hop(subject.tunnel.gre.site_inside.ip, subject.tunnel.gre.gateway_interface, ())
    taken = KernelRoute(table, subject.partner.lan, "unicast", "ospf", 20, (hop,))
    verdict = claim.judge({EAST: Announced(prefixes, prefixes, (taken,))})
    assert (verdict.holds, verdict.seen) == (False, f"{subject.partner.lan} by {hop.interface}")
