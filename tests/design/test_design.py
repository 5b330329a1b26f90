"""The resolved network says what the intent says; expected values are expressions of the intent."""

from __future__ import annotations

from typing import Any

import pytest

from offnet.design import design
from offnet.design.numbers import TABLE_OFFSET
from offnet.intent.models import LabIntent, OffNetSite, OnNetSite
from offnet.network.model import (
    Crypto,
    IkeConnection,
    InterfaceKind,
    Network,
    Node,
    Role,
    Site,
    Tunnel,
)

Data = dict[str, Any]


def tunnels(network: Network) -> list[tuple[Site, Tunnel]]:
    found = list(network.tunnels())
    assert found
    return found


def both_ends(network: Network) -> list[tuple[Site, IkeConnection, IkeConnection]]:
    """Every off-net site with the connection of its aggregator and its own."""
    return [
        (
            site,
            network.node(tunnel.gateway).connection(tunnel.gateway_connection),
            network.node(site.node).connection(tunnel.site_connection),
        )
        for site, tunnel in tunnels(network)
    ]


def with_rri(data: Data, rri: str) -> tuple[Network, Node]:
    for profile in data["profiles"].values():
        profile["rri"] = rri
    network = design(LabIntent.model_validate(data))
    return network, network.node(next(iter(data["gateways"])))


def test_it_has_the_nodes_of_the_intent_and_nobody_else(intent: LabIntent, network: Network) -> None:
    expected = {*intent.provider.routers, *intent.sites, intent.internet}
    assert {node.name for node in network.nodes} == expected
    assert len(network.nodes) == len(expected)


def test_sites_are_in_the_order_of_the_intent(intent: LabIntent, network: Network) -> None:
    assert [site.name for site in network.sites] == list(intent.sites)
    assert [(site.vpn, site.lan) for site in network.sites] == [(s.vpn, s.lan) for s in intent.sites.values()]


def test_every_pe_has_every_vrf_with_its_numbers(intent: LabIntent, network: Network) -> None:
    for pe in network.role(Role.PE):
        for name, vpn in intent.vpns.items():
            vrf = pe.default.vrf(name)
            assert vpn.id is not None
            assert (vrf.table, vrf.if_id, vrf.rd) == (TABLE_OFFSET + vpn.id, vpn.id, vpn.rd)
            assert (vrf.rt_import, vrf.rt_export) == (vpn.rt.import_, vpn.rt.export)
        assert len(pe.default.vrfs) == len(intent.vpns)


def test_a_p_router_knows_no_vpn(network: Network) -> None:
    routers = network.role(Role.P)
    assert routers
    for router in routers:
        context = router.default
        assert (context.vrfs, context.bgp, router.ike) == ((), None, None)
        assert all(interface.vrf is None for interface in context.interfaces)


def test_ibgp_is_a_full_mesh_of_the_pes_loopbacks(intent: LabIntent, network: Network) -> None:
    pes = network.role(Role.PE)
    assert len(pes) > 1
    for pe in pes:
        assert pe.default.bgp is not None
        assert pe.default.bgp.asn == intent.provider.asn
        seen = {neighbor.name: neighbor.address for neighbor in pe.default.bgp.neighbors}
        assert seen == {other.name: other.loopback for other in pes if other is not pe}


def test_ospf_and_ldp_run_on_the_core_links_and_nowhere_else(network: Network) -> None:
    for router in network.role(Role.PE, Role.P):
        ospf, ldp = router.default.ospf, router.default.ldp
        assert ospf is not None
        assert ldp is not None
        core = {interface.name for interface in router.default.interfaces if interface.mpls} - {"lo"}
        assert set(ldp.interfaces) == core
        assert set(ospf.interfaces) == core | {"lo"}
        assert ospf.router_id == ldp.router_id == router.loopback


def test_ldp_awaits_the_loopbacks_of_the_neighbours(intent: LabIntent, network: Network) -> None:
    loopbacks = {name: router.loopback for name, router in intent.provider.routers.items()}
    for router in network.role(Role.PE, Role.P):
        assert router.default.ldp is not None
        links = [link.between for link in intent.provider.links if router.name in link.between]
        neighbours = {end for link in links for end in link} - {router.name}
        assert set(router.default.ldp.peers) == {loopbacks[neighbour] for neighbour in neighbours}


def test_core_links_have_both_addresses_of_one_31(network: Network) -> None:
    routers = {router.name for router in network.role(Role.PE, Role.P)}
    for link in network.links:
        if {link.a.node, link.b.node} <= routers:
            (a,), (b,) = (
                network.node(end.node).default.interface(end.interface).addresses for end in (link.a, link.b)
            )
            assert a != b
            assert a.network == b.network


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
    for site, _ in tunnels(network):
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


def test_the_address_of_a_site_selects_its_profile_and_the_profile_its_vrf(
    intent: LabIntent, network: Network
) -> None:
    for site, tunnel in tunnels(network):
        profile = intent.profiles[tunnel.profile]
        assert tunnel.address in profile.match.address
        vrf = network.node(tunnel.gateway).default.vrf(profile.vrf)
        assert (tunnel.vrf, tunnel.if_id) == (vrf.name, vrf.if_id)
        assert site.vpn == profile.vrf


def test_what_an_sa_decrypts_is_in_the_vrf(network: Network) -> None:
    for site, at_gateway, at_site in both_ends(network):
        assert site.tunnel is not None
        (child,) = at_gateway.children
        gateway = network.node(site.pe).default
        (inside,) = (i for i in gateway.interfaces if i.kind is InterfaceKind.XFRM and i.if_id == child.if_id)
        assert inside.vrf == site.vpn
        assert gateway.interface(str(inside.parent)).front_door
        assert all(child.if_id is None for child in at_site.children)


def test_the_two_ends_of_a_tunnel_mirror_each_other(network: Network) -> None:
    for site, at_gateway, at_site in both_ends(network):
        assert at_gateway.local == at_site.remote
        assert at_gateway.remote == at_site.local
        assert at_gateway.local_addresses == at_site.remote_addresses
        assert at_gateway.remote_addresses == at_site.local_addresses
        assert at_gateway.proposals == at_site.proposals
        (here,), (there,) = at_gateway.children, at_site.children
        assert (here.local_ts, here.remote_ts) == (there.remote_ts, there.local_ts)
        assert here.remote_ts == (str(site.lan),)
        assert here.esp_proposals == there.esp_proposals


def test_both_ends_hold_the_key_of_the_keyring(intent: LabIntent, network: Network) -> None:
    for site, at_gateway, at_site in both_ends(network):
        assert site.tunnel is not None
        keyring = intent.profiles[site.tunnel.profile].keyring
        assert keyring is not None
        key = intent.keyrings[keyring].keys[site.tunnel.identity]
        for node, peer in ((site.pe, at_gateway.remote.id), (site.node, at_site.remote.id)):
            ike = network.node(node).ike
            assert ike is not None
            assert [secret.secret for secret in ike.secrets if str(peer) in secret.owners] == [key]


@pytest.mark.parametrize("crypto", list(Crypto))
def test_a_variant_has_its_own_proposals_and_version(intent: LabIntent, crypto: Crypto) -> None:
    network = design(intent, crypto)
    assert network.crypto is crypto
    for site, at_gateway, at_site in both_ends(network):
        assert site.tunnel is not None
        gateway, profile = intent.gateways[site.pe], intent.profiles[site.tunnel.profile]
        for connection in (at_gateway, at_site):
            assert connection.version == (1 if crypto is Crypto.AS_PRINTED else 2)
            assert connection.proposals == gateway.ike_policies.of(crypto)
            assert [child.esp_proposals for child in connection.children] == [profile.esp.of(crypto)]
            assert (connection.dpd_delay, connection.dpd_timeout) == (gateway.dpd.delay, gateway.dpd.timeout)


def test_without_a_choice_the_lab_runs_its_own_variant(intent: LabIntent) -> None:
    assert design(intent) == design(intent, intent.crypto)
    assert design(intent, Crypto.MODERN) != design(intent, Crypto.AS_PRINTED)


@pytest.mark.parametrize("crypto", list(Crypto))
def test_of_an_ikev1_sa_only_the_spoke_rekeys(intent: LabIntent, crypto: Crypto) -> None:
    for _, at_gateway, at_site in both_ends(design(intent, crypto)):
        assert at_site.rekey
        assert at_gateway.rekey == (at_gateway.version == 2)


def test_the_spoke_asks_for_the_sa_and_the_aggregator_waits(network: Network) -> None:
    for _, at_gateway, at_site in both_ends(network):
        assert [child.start_action for child in at_site.children] == ["trap|start"]
        assert [child.start_action for child in at_gateway.children] == ["none"]


@pytest.mark.parametrize(("rri", "action"), [("dynamic", "none"), ("static", "trap"), ("off", "none")])
def test_a_static_reverse_route_has_a_trap_at_the_aggregator(data: Data, rri: str, action: str) -> None:
    network, _ = with_rri(data, rri)
    for _, at_gateway, at_site in both_ends(network):
        assert [child.start_action for child in at_gateway.children] == [action]
        assert [child.start_action for child in at_site.children] == ["trap|start"]


@pytest.mark.parametrize("rri", ["dynamic", "static"])
def test_the_agent_may_inject_the_lan_of_the_site_and_nothing_else(data: Data, rri: str) -> None:
    network, gateway = with_rri(data, rri)
    by_connection = {policy.connection: policy for policy in gateway.reverse_routes}
    assert len(by_connection) == len(gateway.reverse_routes) == len(tunnels(network))
    for site, tunnel in tunnels(network):
        policy, vrf = by_connection[tunnel.gateway_connection], gateway.default.vrf(site.vpn)
        assert policy.prefixes == (site.lan,)
        assert (policy.vrf, policy.table) == (vrf.name, vrf.table)
        assert gateway.default.interface(policy.interface).if_id == tunnel.if_id
        assert policy.static == (rri == "static")


def test_without_injection_there_is_no_policy(data: Data) -> None:
    _, gateway = with_rri(data, "off")
    assert gateway.reverse_routes == ()


def test_a_site_of_a_31_and_one_of_a_29_work_like_the_others(data: Data) -> None:
    east, north = data["sites"]["spoke-vpn1-east"], data["sites"]["spoke-vpn1-north"]
    east["ipsec"]["address"] = "198.51.100.2/31"
    north["lan"] = "10.0.68.0/29"
    network = design(LabIntent.model_validate(data))
    (default,) = network.node("spoke-vpn1-east").default.routes
    assert str(default.via) == "198.51.100.3"
    site = network.site("spoke-vpn1-north")
    assert len({site.host, site.marker, site.lan[1]}) == 3


def test_unknown_names_are_key_errors(network: Network) -> None:
    for lookup in (network.node, network.site, network.vpn):
        with pytest.raises(KeyError):
            lookup("nobody")
