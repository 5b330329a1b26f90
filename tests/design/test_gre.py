"""Sites by GRE in IPsec transport mode, with routing over the tunnel."""

from __future__ import annotations

import pytest

from offnet import resources
from offnet.design import design
from offnet.errors import LabError
from offnet.intent import LabIntent, load
from offnet.intent.loader import plain_data
from offnet.intent.models import GreSite
from offnet.network.model import Crypto, EdgeProtocol, InterfaceKind, Network, Site, Tunnel


@pytest.fixture(scope="module")
def intent() -> LabIntent:
    return load(resources.labs() / "gre")


@pytest.fixture(scope="module", params=list(Crypto))
def network(request: pytest.FixtureRequest, intent: LabIntent) -> Network:
    return design(intent, request.param)


def gre_sites(network: Network) -> list[tuple[Site, Tunnel]]:
    found = [(site, tunnel) for site, tunnel in network.tunnels() if tunnel.gre]
    assert found
    return found


def test_a_tunnel_ends_in_the_vrf_and_its_outer_addresses_in_no_vrf(network: Network) -> None:
    for site, tunnel in gre_sites(network):
        assert tunnel.gre is not None
        near = network.node(tunnel.gateway).default.interface(tunnel.gre.gateway_interface)
        far = network.node(site.node).default.interface(tunnel.gre.site_interface)
        assert near.kind is far.kind is InterfaceKind.GRE
        assert (near.vrf, far.vrf) == (site.vpn, None)
        assert (near.local, near.remote) == (tunnel.gateway_address, tunnel.address)
        assert (far.local, far.remote) == (tunnel.address, tunnel.gateway_address)
        assert near.mtu == far.mtu == tunnel.gre.mtu


def test_both_ends_are_in_the_subnet_that_the_intent_gives(intent: LabIntent, network: Network) -> None:
    for site, tunnel in gre_sites(network):
        written = intent.sites[site.name]
        assert isinstance(written, GreSite)
        assert tunnel.gre is not None
        ends = [tunnel.gre.gateway_inside, tunnel.gre.site_inside]
        assert [end.ip for end in ends] == list(written.gre.tunnel.hosts())[:2]
        assert {end.network for end in ends} == {written.gre.tunnel}


def test_the_sa_protects_gre_alone_and_only_the_site_asks_for_it(network: Network) -> None:
    for site, tunnel in gre_sites(network):
        (near,) = network.node(tunnel.gateway).connection(tunnel.gateway_connection).children
        (far,) = network.node(site.node).connection(tunnel.site_connection).children
        for child in (near, far):
            assert (child.mode, child.if_id) == ("transport", None)
            assert child.local_ts == child.remote_ts == ("dynamic[gre]",)
        assert (near.start_action, far.start_action) == ("none", "trap")
        assert near.esp_proposals == far.esp_proposals


def test_routing_is_the_same_at_both_ends_and_nothing_is_injected(network: Network) -> None:
    for site, tunnel in gre_sites(network):
        assert tunnel.gre is not None
        gateway, own = network.node(tunnel.gateway), network.node(site.node)
        (far,) = own.default.edges
        (near,) = (edge for edge in gateway.default.edges if edge.interface == tunnel.gre.gateway_interface)
        assert near.protocol is far.protocol is tunnel.gre.routing
        assert (near.neighbor, far.neighbor) == (tunnel.gre.site_inside.ip, tunnel.gre.gateway_inside.ip)
        assert (near.asn, near.neighbor_asn) == (network.asn, far.asn)
        assert near.accepted == far.announced == (site.lan,)
        assert tunnel.gateway_connection not in {policy.connection for policy in gateway.reverse_routes}


@pytest.mark.parametrize("routing", list(EdgeProtocol))
def test_the_routing_protocol_is_one_word(routing: EdgeProtocol) -> None:
    data = plain_data(resources.labs() / "gre")
    for site in data["sites"].values():
        if "gre" in site:
            site["gre"] |= {"routing": routing.value, "as": 65002}
    network = design(LabIntent.model_validate(data))
    assert {tunnel.gre.routing for _, tunnel in gre_sites(network) if tunnel.gre} == {routing}


def test_a_tunnel_and_a_vrf_of_one_name_are_told() -> None:
    data = plain_data(resources.labs() / "gre")
    data["sites"]["vpn1"] = data["sites"].pop("spoke-vpn2-east")
    with pytest.raises(LabError, match="on vpn-gw1-east the interface vpn1 belongs to VPN vpn1"):
        design(LabIntent.model_validate(data))
