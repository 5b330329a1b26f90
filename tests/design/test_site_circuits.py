"""Sites by IPsec over a circuit of their own: both ends of it are the tunnel's, and nothing else passes."""

from __future__ import annotations

from ipaddress import IPv4Interface
from typing import Any

import pytest

from offnet import resources
from offnet.checks import wire
from offnet.design import design
from offnet.intent import LabIntent
from offnet.intent.loader import plain_data
from offnet.network.model import Network, Role, Site, Tunnel
from offnet.render import render

GATEWAY, SITE = "vpn-gw1-east", "spoke-vpn1-east"
NEAR, FAR = IPv4Interface("172.30.1.1/30"), IPv4Interface("172.30.1.2/30")


@pytest.fixture
def data() -> dict[str, Any]:
    """The lab single-ip, in which one of two sites of vpn1 comes by a circuit."""
    data: dict[str, Any] = plain_data(resources.labs() / "single-ip")
    data["sites"][SITE]["ipsec"] = {"gateway": GATEWAY, "address": str(FAR), "across": "circuit"}
    data["profiles"]["vpn1"]["match"]["address"] = [str(FAR.ip), "198.51.100.6"]
    data["keyrings"]["vpn1"] = {str(FAR.ip): "vpn1aes", "198.51.100.6": "vpn1aes"}
    return data


@pytest.fixture
def network(data: dict[str, Any]) -> Network:
    return design(LabIntent.model_validate(data))


@pytest.fixture
def site(network: Network) -> tuple[Site, Tunnel]:
    (found,) = ((site, tunnel) for site, tunnel in network.tunnels() if tunnel.circuit)
    return found


def test_the_tunnel_ends_on_both_ends_of_the_circuit(network: Network, site: tuple[Site, Tunnel]) -> None:
    own, tunnel = site
    assert tunnel.circuit is not None
    near, node = network.node(GATEWAY).default.interface(tunnel.circuit), network.node(own.node)
    assert (near.addresses, near.vrf, near.front_door) == ((NEAR,), None, True)
    assert node.default.interface("wan").addresses == (FAR,)
    assert (tunnel.gateway_address, tunnel.address) == (NEAR.ip, FAR.ip)
    assert network.adjacent(GATEWAY, own.node)
    assert not network.adjacent(network.capture_point, own.node)
    connection = network.node(GATEWAY).connection(tunnel.gateway_connection)
    assert connection.local_addresses == (str(NEAR.ip),)
    assert node.role is Role.CE


def test_an_interface_into_a_vrf_with_tunnels_by_two_doors_is_bound_to_none(data: dict[str, Any]) -> None:
    def parents() -> dict[str | None, str | None]:
        interfaces = design(LabIntent.model_validate(data)).node(GATEWAY).default.interfaces
        return {i.vrf: i.parent for i in interfaces if i.if_id is not None}

    assert parents() == {"vpn1": None, "vpn2": "wan"}
    assert any(
        line.startswith("link add ipsec1 type xfrm if_id 1")
        for line in render(design(LabIntent.model_validate(data)))[f"{GATEWAY}/ip.batch"].splitlines()
    )
    del data["sites"]["spoke-vpn1-north"]
    data["profiles"]["vpn1"]["match"]["address"].pop()
    assert parents()["vpn1"] == SITE


def test_the_circuit_is_for_the_tunnel_only(network: Network, site: tuple[Site, Tunnel]) -> None:
    _, tunnel = site
    files = render(network)
    guard = files[f"{GATEWAY}/nftables.conf"]
    assert f'iifname "{tunnel.circuit}" counter drop' in guard
    assert f'oifname "{tunnel.circuit}" ip saddr != {NEAR.ip} rt ipsec missing counter drop' in guard
    assert "wan" not in guard
    assert f"link set dev {tunnel.circuit} up" in files[f"{GATEWAY}/front-door.batch"]


def test_nothing_is_owed_by_the_internet_where_no_tunnel_crosses_it(data: dict[str, Any]) -> None:
    data["sites"] = {name: site for name, site in data["sites"].items() if name == SITE or "pe" in site}
    for section, vpn in (("profiles", "vpn2"), ("keyrings", "vpn2")):
        del data[section][vpn]
    data["profiles"]["vpn1"]["match"]["address"].pop()
    claims = [claim.name for claim in wire.claims(design(LabIntent.model_validate(data)))]
    assert len([name for name in claims if name.startswith("circuit ")]) == 3
    assert not [name for name in claims if name.startswith("inet ")]
