from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from offnet.observe import frr
from offnet.observe.errors import ObserveError
from offnet.observe.frr_model import IMPLICIT_NULL
from offnet.observe.question import read

if TYPE_CHECKING:
    from tests.observe.conftest import Recorded

GATEWAY, REMOTE = "vpn-gw1-east", "pe2"
HERE = Path(__file__).parent


def test_ospf_neighbor_is_the_p_router_and_full(recorded: Recorded) -> None:
    (neighbor,) = recorded.answer(GATEWAY, frr.OSPF_NEIGHBORS)
    assert neighbor.router_id == recorded.network.node("p1").loopback
    assert neighbor.full


def test_ldp_session_is_operational(recorded: Recorded) -> None:
    (neighbor,) = recorded.answer(GATEWAY, frr.LDP_NEIGHBORS)
    assert neighbor.router_id == neighbor.transport_address == recorded.network.node("p1").loopback
    assert neighbor.operational


def test_ldp_bindings_hold_a_label_for_the_remote_loopback(recorded: Recorded) -> None:
    loopback = IPv4Network(recorded.network.node(REMOTE).loopback)
    (binding,) = [b for b in recorded.answer(GATEWAY, frr.LDP_BINDINGS) if b.prefix == loopback]
    assert binding.in_use
    assert binding.remote_label is not None
    assert binding.remote_label > IMPLICIT_NULL


def test_ldp_binding_without_a_neighbor_has_no_remote_label(recorded: Recorded) -> None:
    lonely = [b for b in recorded.answer(GATEWAY, frr.LDP_BINDINGS) if b.neighbor is None]
    assert lonely
    assert all(binding.remote_label is None for binding in lonely)


def test_vpn_peers_are_established(recorded: Recorded) -> None:
    (peer,) = recorded.answer(REMOTE, frr.VPN_PEERS)
    assert peer.address == recorded.network.node(GATEWAY).loopback
    assert peer.established


def test_vpn_routes_of_every_off_net_site_reach_the_remote_pe(recorded: Recorded) -> None:
    routes = recorded.answer(REMOTE, frr.VPN_ROUTES)
    for site, _ in recorded.network.tunnels():
        vpn = recorded.network.vpn(site.vpn)
        (route,) = [r for r in routes if r.rd == vpn.rd and r.prefix == site.lan]
        assert route.next_hop == recorded.network.node(GATEWAY).loopback
        assert route.route_targets == vpn.rt_export
        assert route.label is not None
        assert route.best
        assert not route.local


def test_imported_routes_tell_where_they_come_from(recorded: Recorded) -> None:
    routes = recorded.answer(REMOTE, frr.vrf_bgp_routes("vpn1"))
    site = recorded.network.site("spoke-vpn1-east")
    (route,) = [r for r in routes if r.prefix == site.lan]
    assert route.imported_from == recorded.network.vpn("vpn1").rd
    assert not route.local


def test_vrf_route_imposes_two_labels(recorded: Recorded) -> None:
    site = recorded.network.site("ce1")
    (route,) = [r for r in recorded.answer(GATEWAY, frr.vrf_routes("vpn1")) if r.prefix == site.lan]
    (hop,) = route.fib_nexthops
    assert route.protocol == "bgp"
    assert len(hop.labels) == 2


def test_all_routes_name_their_vrf(recorded: Recorded) -> None:
    vrfs = {route.vrf for route in recorded.answer(GATEWAY, frr.ALL_ROUTES)}
    assert vrfs == {"default", "vpn1", "vpn2"}


def test_vpn_labels_pop_into_their_vrf(recorded: Recorded) -> None:
    labels = {r.rd: r.label for r in recorded.answer(REMOTE, frr.VPN_ROUTES) if not r.local}
    table = {entry.label: entry for entry in recorded.answer(GATEWAY, frr.MPLS_TABLE)}
    for vpn in recorded.network.vpns:
        label = labels[vpn.rd]
        assert label is not None
        entry = table[label]
        assert entry.pops
        assert entry.interface == vpn.name


def test_an_answer_without_any_route_is_empty() -> None:
    assert read("pe2", frr.VPN_ROUTES, "{}\n\0\0\0\0") == ()
    assert read("pe2", frr.VPN_ROUTES, "\0\0\0\0") == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}\n", "in the middle of an answer"),
        ("{}\n\0\0\0", "in the middle of an answer"),
        ("% Unknown command\n\0\0\0\2", "refused with status 2: % Unknown command"),
        ("[1]\0\0\0\0", "unexpected answer"),
    ],
)
def test_unusable_answers_name_node_and_command(text: str, message: str) -> None:
    with pytest.raises(ObserveError, match=message) as caught:
        read("pe2", frr.MPLS_TABLE, text)
    assert str(caught.value).startswith('pe2: vtysh -c "show mpls table": ')


def test_several_answers_are_told_apart() -> None:
    assert frr.split("one\0\0\0\0two\0\0\0\1") == ["one\0\0\0\0", "two\0\0\0\1"]
    assert frr.frames("one\0\0\0\0two\0\0\0\0") == ["one", "two"]


def test_ospf_neighbors_of_all_vrfs_are_told_by_interface() -> None:
    """Recorded from the lab l2vpn: both VRFs have a neighbour of the same address."""
    name = "vpn-gw1-east.show-ip-ospf-vrf-all-neighbor.txt"
    with (HERE / "recorded" / "l2vpn" / name).open(encoding="utf-8", newline="") as file:
        found = read(GATEWAY, frr.OSPF_VRF_NEIGHBORS, file.read())
    assert [(str(one.address), one.interface, one.full) for one in found] == [
        ("10.253.0.2", "metro.101", True),
        ("10.253.0.2", "metro.102", True),
    ]
