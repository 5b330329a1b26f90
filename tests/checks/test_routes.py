"""Judging routes (proof 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from offnet.checks import route_targets as targets
from offnet.checks import routes as topic
from offnet.checks.claim import Claim
from offnet.experiments.route_targets import Unimported, importer
from offnet.experiments.state import Routes
from offnet.network.model import Network, Role
from offnet.observe.kernel_model import Hop, KernelRoute

Find = Callable[..., Claim[Any]]
LAN = IPv4Network("10.0.67.0/24")


def with_kernel(state: Routes, node: str, change: Callable[[KernelRoute], KernelRoute | None]) -> Routes:
    """The routes of one kernel changed one by one; None removes."""
    kept = tuple(new for route in state.kernel[node] if (new := change(route)) is not None)
    return replace(state, kernel=state.kernel | {node: kept})


def with_path(state: Routes, node: str, of: tuple[str, IPv4Network], **changes: Any) -> Routes:
    """One VPNv4 route of a PE changed."""
    paths = tuple(
        replace(path, **changes) if (path.rd, path.prefix) == of else path for path in state.vpn[node]
    )
    return replace(state, vpn=state.vpn | {node: paths})


def test_a_healthy_lab_holds_every_claim(network: Network, routes: Routes) -> None:
    assert [claim.name for claim in topic.claims(network) if not claim.judge(routes).holds] == []


def test_a_missing_reverse_route_is_told(network: Network, routes: Routes, find: Find) -> None:
    claim = find(topic.claims(network), "spoke-vpn1-east: reverse route")
    state = with_kernel(routes, "vpn-gw1-east", lambda route: None if route.prefix == LAN else route)
    assert claim.judge(state).seen == "no such route"


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ({"protocol": "static"}, "10.0.67.0/24 static"),
        ({"hops": (Hop(None, "ipsec2", ()),)}, "dev ipsec2 table 1001"),
        ({"hops": ()}, "10.0.67.0/24 200  table 1001"),
    ],
)
def test_a_reverse_route_of_another_kind_is_told(
    network: Network, routes: Routes, find: Find, change: dict[str, Any], seen: str
) -> None:
    claim = find(topic.claims(network), "spoke-vpn1-east: reverse route")
    state = with_kernel(
        routes, "vpn-gw1-east", lambda route: replace(route, **change) if route.prefix == LAN else route
    )
    verdict = claim.judge(state)
    assert not verdict.holds
    assert seen in verdict.seen


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({"next_hop": IPv4Address("192.0.2.9")}, "next hop 192.0.2.9"),
        ({"label": None}, "label None"),
        ({"label": 3}, "label 3"),
        ({"route_targets": ("9:9",)}, "route targets 9:9"),
        ({"rd": "9:9"}, "0 VPNv4 routes 200:1 10.0.67.0/24"),
    ],
)
def test_a_vpnv4_route_that_differs_is_told(
    network: Network, routes: Routes, find: Find, changes: dict[str, Any], seen: str
) -> None:
    claim = find(topic.claims(network), "spoke-vpn1-east: VPNv4 route 200:1")
    verdict = claim.judge(with_path(routes, "pe2", ("200:1", LAN), **changes))
    assert not verdict.holds
    assert seen in verdict.seen


@pytest.mark.parametrize("labels", [(), (16,), (100, 16), (16, 999)])
def test_another_label_stack_is_told(
    network: Network, routes: Routes, find: Find, labels: tuple[int, ...]
) -> None:
    claim = find(topic.claims(network), "spoke-vpn1-east: VPNv4 route 200:1")
    hop = Hop(None, "core", labels)
    state = with_kernel(routes, "pe2", lambda r: replace(r, hops=(hop,)) if r.prefix == LAN else r)
    verdict = claim.judge(state)
    assert not verdict.holds
    assert "in VRF vpn1: 10.0.67.0/24 bgp" in verdict.seen


def test_a_vpn_prefix_at_a_p_router_is_told(network: Network, routes: Routes, find: Find) -> None:
    route = KernelRoute(254, IPv4Network("10.0.0.0/8"), "unicast", "ospf", 20, (Hop(None, "pe2", ()),))
    state = replace(routes, kernel=routes.kernel | {"p1": (route,)})
    verdict = find(topic.claims(network), "p1 holds no VPN prefix").judge(state)
    assert not verdict.holds
    assert "10.0.0.0/8 ospf" in verdict.seen


def test_twins_without_their_own_rd_are_told(network: Network, routes: Routes, find: Find) -> None:
    claim = find(topic.claims(network), "pe2: the RD alone", str(LAN))
    verdict = claim.judge(with_path(routes, "pe2", ("201:1", LAN), rd="200:1"))
    assert (verdict.holds, verdict.seen) == (False, f"{LAN} under 200:1, 200:1")


@pytest.mark.parametrize("prefix", ["198.51.100.2/32", "198.51.100.0/30"])
def test_a_peer_in_a_vrf_is_told(network: Network, routes: Routes, find: Find, prefix: str) -> None:
    claim = find(topic.claims(network), "vpn-gw1-east: no peer address")
    leaked = KernelRoute(1001, IPv4Network(prefix), "unicast", "static", 0, (Hop(None, "wan", ()),))
    state = replace(routes, kernel=routes.kernel | {"vpn-gw1-east": (leaked,)})
    verdict = claim.judge(state)
    assert not verdict.holds
    assert prefix in verdict.seen


def test_a_default_route_in_vpnv4_is_told(network: Network, routes: Routes, find: Find) -> None:
    claim = find(topic.claims(network), "pe2: no peer address")
    verdict = claim.judge(with_path(routes, "pe2", ("200:1", LAN), prefix=IPv4Network("0.0.0.0/0")))
    assert (verdict.holds, verdict.seen) == (False, "200:1 0.0.0.0/0")


def test_a_site_with_rri_off_may_have_no_route_anywhere(static: Network, routes: Routes, find: Find) -> None:
    claims = list(topic.claims(static))
    claim = find(claims, "spoke-vpn2-east: no reverse route anywhere (rri: off)")
    seen = claim.judge(routes).seen
    assert all(f"{pe.name}: VPNv4 201:1 {LAN}" in seen for pe in static.role(Role.PE))
    nothing: Routes = Routes(dict.fromkeys(routes.kernel, ()), dict.fromkeys(routes.vpn, ()), {})
    assert claim.judge(nothing).holds
    assert not [c.name for c in claims if "the RD alone" in c.name and str(LAN) in c.name]


# ---- route targets ---------------------------------------------------------------------------


@pytest.fixture
def unimported(network: Network) -> Unimported:
    """One VRF empty and the other as ever, then both as ever."""
    subject = importer(network)
    assert subject is not None
    return Unimported(subject.learned | {subject.vrf.name: frozenset()}, subject.learned)


def test_the_vrf_with_most_twins_is_chosen(network: Network) -> None:
    subject = importer(network)
    assert subject is not None
    assert (subject.pe.name, subject.vrf.name) == ("pe2", "vpn1")
    assert LAN in subject.learned["vpn1"] & subject.learned["vpn2"]


def test_an_import_that_takes_its_own_routes_only_holds(network: Network, unimported: Unimported) -> None:
    (claim,) = targets.claims(network)
    verdict = claim.judge(unimported)
    assert (verdict.holds, verdict.seen) == (True, f"vpn1 empty, vpn2 keeps {LAN}; then all back")


def test_routes_that_stay_go_elsewhere_or_do_not_return_are_told(
    network: Network, unimported: Unimported
) -> None:
    (claim,) = targets.claims(network)
    during, after = unimported.during, unimported.after
    stays = replace(unimported, during=during | {"vpn1": frozenset({LAN})})
    goes = replace(unimported, during=during | {"vpn2": frozenset()})
    lost = replace(unimported, after=after | {"vpn1": frozenset({LAN})})
    assert claim.judge(stays).seen == f"vpn1 keeps {LAN}"
    assert claim.judge(goes).seen == f"vpn2 lacks {LAN} meanwhile"
    assert claim.judge(lost).seen == "vpn1 lacks 10.0.68.0/24 afterwards"
    assert not claim.judge(stays).holds
