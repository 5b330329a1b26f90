"""The resolved network says what the intent says; expected values are expressions of the intent."""

from __future__ import annotations

import pytest

from offnet.intent.models import LabIntent, OffNetSite, OnNetSite
from offnet.network.model import (
    Network,
)


def test_it_has_the_nodes_of_the_intent_and_nobody_else(intent: LabIntent, network: Network) -> None:
    expected = {*intent.provider.routers, *intent.sites, intent.internet}
    assert {node.name for node in network.nodes} == expected
    assert len(network.nodes) == len(expected)


def test_sites_are_in_the_order_of_the_intent(intent: LabIntent, network: Network) -> None:
    assert [site.name for site in network.sites] == list(intent.sites)
    assert [(site.vpn, site.lan) for site in network.sites] == [(s.vpn, s.lan) for s in intent.sites.values()]


def test_a_circuit_is_in_the_vrf_of_its_vpn(intent: LabIntent, network: Network) -> None:
    for name, site in intent.sites.items():
        if isinstance(site, OnNetSite):
            resolved = network.site(name)
            assert (resolved.pe, resolved.tunnel) == (site.pe, None)
            circuit = network.node(site.pe).default.interface(name)
            assert circuit.vrf == site.vpn
            assert [address.network for address in circuit.addresses] == [site.lan]
            (default,) = network.node(name).default.routes
            assert default.via == circuit.addresses[0].ip


def test_a_site_has_its_host_and_its_marker(network: Network) -> None:
    for site in network.sites:
        own = {a.ip for i in network.node(site.node).default.interfaces for a in i.addresses}
        assert {site.host, site.marker} <= own
    assert len({site.marker for site in network.sites}) == len(network.sites)


def test_an_off_net_site_reaches_the_internet_by_the_far_end_of_its_link(
    intent: LabIntent, network: Network
) -> None:
    inet = network.node(intent.internet).default
    ends = {link.a.node: link.b.interface for link in network.links if link.b.node == intent.internet}
    off_net = [site for site, _ in network.tunnels()]
    assert off_net
    for site in off_net:
        (address,) = inet.interface(ends[site.node]).addresses
        wanted = intent.sites[site.name]
        assert isinstance(wanted, OffNetSite)
        assert address.network == wanted.access.address.network
        (default,) = network.node(site.node).default.routes
        assert default.via == address.ip != wanted.access.address.ip


def test_an_aggregator_reaches_the_internet_by_its_next_hop(intent: LabIntent, network: Network) -> None:
    for name, gateway in intent.gateways.items():
        node = network.node(name).default
        (door,) = (interface for interface in node.interfaces if interface.front_door)
        assert door.addresses == (gateway.address,)
        assert door.vrf is None
        (default,) = node.routes
        assert (default.via, default.interface) == (gateway.next_hop, door.name)


def test_nobody_but_an_aggregator_has_a_front_door(intent: LabIntent, network: Network) -> None:
    for node in network.nodes:
        doors = [interface for interface in node.default.interfaces if interface.front_door]
        assert bool(doors) == (node.name in intent.gateways)


def test_unknown_names_are_key_errors(network: Network) -> None:
    for lookup in (network.node, network.site, network.vpn):
        with pytest.raises(KeyError):
            lookup("nobody")
