"""Front doors: a sub-interface, a VRF and a default route each; and what is beyond them and behind NAT."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from offnet import resources
from offnet.design import design
from offnet.intent import LabIntent
from offnet.intent.loader import plain_data
from offnet.intent.models import Door
from offnet.network.model import InterfaceKind, Network, Node, Role, Site, Tunnel
from offnet.render import render

GATEWAY = "vpn-gw1-east"


@pytest.fixture
def data() -> dict[str, Any]:
    data: dict[str, Any] = plain_data(resources.labs() / "front-door-vrf")
    return data


@pytest.fixture
def intent(data: dict[str, Any]) -> LabIntent:
    return LabIntent.model_validate(data)


@pytest.fixture
def network(intent: LabIntent) -> Network:
    return design(intent)


def doors(intent: LabIntent) -> Iterator[Door]:
    return iter(intent.gateways[GATEWAY].doors().values())


def tunnel_of(network: Network, name: str) -> tuple[Site, Tunnel]:
    site = network.site(name)
    assert site.tunnel is not None
    return site, site.tunnel


def test_a_door_is_a_tagged_sub_interface_in_its_vrf_with_a_default_route(
    intent: LabIntent, network: Network
) -> None:
    node = network.node(GATEWAY).default
    for door in doors(intent):
        (own,) = (i for i in node.interfaces if door.address in i.addresses)
        assert (own.kind, own.vlan, own.parent) == (InterfaceKind.VLAN, door.vlan, "wan")
        assert own.front_door
        assert node.interface("wan").front_door
        assert own.vrf == (door.vrf or door.name)
        (route,) = (r for r in node.routes if r.interface == own.name)
        assert (route.via, route.vrf) == (door.next_hop, own.vrf)
    assert {vrf.name for vrf in node.front_doors} == {d.name for d in doors(intent) if d.vrf is None}


def test_the_internet_has_the_other_end_of_every_door_in_a_realm_of_its_own(
    intent: LabIntent, network: Network
) -> None:
    inet = network.node(network.capture_point).default
    for door in doors(intent):
        (beyond,) = (i for i in inet.interfaces if door.next_hop in (a.ip for a in i.addresses))
        assert (beyond.kind, beyond.vlan, beyond.vrf) == (InterfaceKind.VLAN, door.vlan, door.name)
    assert {vrf.name for vrf in inet.front_doors} == {door.name for door in doors(intent)}


def test_what_is_encrypted_leaves_by_the_door_of_the_tunnel(intent: LabIntent, network: Network) -> None:
    by_address = {door.address.ip: door for door in doors(intent)}
    for _, tunnel in network.tunnels():
        gateway = network.node(tunnel.gateway).default
        (inside,) = (i for i in gateway.interfaces if i.kind is InterfaceKind.XFRM and i.vrf == tunnel.vrf)
        assert gateway.interface(str(inside.parent)).vlan == by_address[tunnel.gateway_address].vlan


def test_tables_of_doors_are_no_tables_of_vpns(network: Network) -> None:
    for node in network.nodes:
        tables = [vrf.table for vrf in node.default.vrfs] + [vrf.table for vrf in node.default.front_doors]
        assert len(tables) == len(set(tables))


def test_a_site_behind_nat_is_seen_as_its_router(intent: LabIntent, network: Network) -> None:
    _, tunnel = tunnel_of(network, "spoke-vpn1-north")
    assert tunnel.address == intent.nats["nat1"].address.ip
    assert tunnel.identity == "192.168.7.2"
    (nat,) = network.role(Role.NAT)
    assert {link.b.node for link in network.links if link.a.node == "spoke-vpn1-north"} == {nat.name}
    inet = network.node(network.capture_point).default
    assert inet.interface(nat.name).vrf == "fvrf1"


def test_who_may_come_from_anywhere_says_no_address(network: Network) -> None:
    site, tunnel = tunnel_of(network, "spoke-vpn1-east")
    connection = network.node(site.node).connection(tunnel.site_connection)
    assert (connection.local_addresses, str(connection.local.id)) == (("%any",), "%any")
    assert connection.remote_addresses == (str(tunnel.gateway_address),)


def test_a_wildcard_key_belongs_to_the_address_of_its_door(intent: LabIntent, network: Network) -> None:
    ike = network.node(GATEWAY).ike
    assert ike is not None
    found = {secret.secret: secret.owners for secret in ike.secrets}
    by_door = {door.name: (str(door.address.ip),) for door in doors(intent)}
    assert found == {ring.keys["*"]: by_door[ring.front_door] for ring in intent.keyrings.values()}


def policies(node: Node, connection: str) -> dict[str | None, set[str]]:
    found = (policy for policy in node.reverse_routes if policy.connection == connection)
    return {policy.identity: {str(prefix) for prefix in policy.prefixes} for policy in found}


def test_the_nameless_share_a_policy_and_the_others_have_their_own(data: dict[str, Any]) -> None:
    data["sites"]["spoke-vpn1-west"] = {
        "vpn": "vpn1",
        "lan": "10.0.69.0/24",
        "ipsec": {
            "gateway": GATEWAY,
            "front_door": "fvrf1",
            "address": "198.51.100.18/30",
            "dynamic": True,
        },
    }
    gateway = design(LabIntent.model_validate(data)).node(GATEWAY)
    assert policies(gateway, "vpn1-any") == {
        None: {"10.0.67.0/24", "10.0.69.0/24"},
        "192.168.7.2": {"10.0.68.0/24"},
    }


def test_a_door_inside_a_vpn_is_filtered_and_not_told_to_others(network: Network) -> None:
    files = render(network)
    rules = files[f"{GATEWAY}/nftables.conf"]
    assert 'meta sdifname "wan.102" counter drop' in rules
    assert 'oifname "wan.102" ip saddr != 203.0.113.129 rt ipsec missing counter drop' in rules
    bgp = files[f"{GATEWAY}/frr/bgpd.conf"]
    assert bgp.count("redistribute connected route-map inside") == 1
    assert "ip prefix-list front-doors seq 5 permit 203.0.113.128/25" in bgp
    assert "set_sourceif = yes" in files[f"{GATEWAY}/strongswan.conf"]
    assert "masquerade" in files["nat1/nftables.conf"]
