"""Tunnels of off-net sites: identity, profile, VRF, keys, and how either end behaves."""

from __future__ import annotations

from typing import Any

import pytest

from offnet.design import design
from offnet.intent.models import LabIntent
from offnet.network.model import (
    Crypto,
    IkeConnection,
    InterfaceKind,
    Network,
    Node,
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
