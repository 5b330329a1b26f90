"""DMVPNs: one tunnel interface for all spokes of a VPN, in a routing context of its own."""

from __future__ import annotations

import pytest

from offnet import resources
from offnet.design import design
from offnet.intent import LabIntent, load
from offnet.network.model import Cloud, Crypto, EdgeProtocol, InterfaceKind, Network, Tunnel


@pytest.fixture(scope="module")
def intent() -> LabIntent:
    return load(resources.labs() / "dmvpn")


@pytest.fixture(scope="module", params=list(Crypto))
def network(request: pytest.FixtureRequest, intent: LabIntent) -> Network:
    return design(intent, request.param)


def spokes(network: Network, cloud: Cloud) -> list[tuple[str, Tunnel]]:
    found = [(site.name, tunnel) for site, tunnel in network.tunnels() if site.name in cloud.spokes]
    assert found
    return found


def test_tunnels_of_one_source_differ_in_key_and_mark(network: Network) -> None:
    one, other = network.clouds
    assert one.source == other.source
    assert one.key != other.key
    assert one.mark != other.mark


def test_the_inner_end_is_in_a_context_and_no_vrf(network: Network) -> None:
    for cloud in network.clouds:
        hub = network.node(cloud.hub)
        tunnel = hub.context(cloud.name).interface(cloud.interface)
        assert tunnel.kind is InterfaceKind.MGRE
        assert (tunnel.local, tunnel.key, tunnel.mark) == (cloud.source, cloud.key, cloud.mark)
        assert (tunnel.mtu, tunnel.vrf) == (cloud.mtu, None)
        assert [address.ip for address in tunnel.addresses] == [cloud.nhrp.server]
        assert cloud.interface not in {each.name for each in hub.default.interfaces}


def test_a_pair_of_interfaces_and_ebgp_join_the_context_to_the_vrf(network: Network) -> None:
    for cloud in network.clouds:
        hub = network.node(cloud.hub)
        near = hub.default.interface(cloud.name)
        assert (near.kind, near.vrf, near.context) == (InterfaceKind.PAIR, cloud.vpn, cloud.name)
        assert near.far is not None
        far = hub.context(cloud.name).interface(near.far)
        assert near.addresses[0].network == far.addresses[0].network
        (pe,) = (edge for edge in hub.default.edges if edge.interface == cloud.name)
        (context,) = hub.context(cloud.name).edges
        assert pe.protocol is context.protocol is EdgeProtocol.EBGP
        assert (pe.neighbor, context.neighbor) == (far.addresses[0].ip, near.addresses[0].ip)
        assert (pe.asn, pe.neighbor_asn) == (context.neighbor_asn, context.asn)
        assert set(pe.accepted) == {network.site(name).lan for name in cloud.spokes}


def test_all_spokes_share_the_connection_of_the_hub_which_only_answers(network: Network) -> None:
    for cloud in network.clouds:
        names = {tunnel.gateway_connection for _, tunnel in spokes(network, cloud)}
        connection = network.node(cloud.hub).connection(names.pop())
        assert not names
        (child,) = connection.children
        assert (child.start_action, child.mark, child.mode) == ("none", cloud.mark, "transport")
        assert connection.remote_addresses == ("%any",)
        assert connection.signs


def test_a_spoke_asks_the_hub_by_name_and_any_other_spoke_by_a_trap(network: Network) -> None:
    for cloud in network.clouds:
        for name, tunnel in spokes(network, cloud):
            hub = network.node(name).connection(tunnel.site_connection)
            others = network.node(name).connection(cloud.name)
            assert hub.remote_addresses == (str(cloud.source),)
            assert others.remote_addresses == ("%any",)
            assert others.remote.authority == hub.remote.authority
            assert (others.children[0].start_action, others.unique) == ("trap", "never")
            assert others.children[0].reqid


def test_a_spoke_registers_with_what_the_hub_wants(network: Network) -> None:
    for cloud in network.clouds:
        for name, tunnel in spokes(network, cloud):
            nhrp = network.node(name).default.nhrp
            assert nhrp is not None
            assert not nhrp.serves
            assert (nhrp.server, nhrp.nbma) == (cloud.nhrp.server, tunnel.gateway_address)
            assert nhrp.authentication == cloud.nhrp.authentication


def test_a_spoke_more_renumbers_nothing_and_changes_its_hub_only(intent: LabIntent) -> None:
    before = design(intent)
    site = intent.sites["spoke-vpn1-east"]
    access = site.dmvpn.model_copy(  # type: ignore[union-attr]  # it is a spoke
        update={
            "address": type(site.dmvpn.address)("198.51.100.18/29"),  # type: ignore[union-attr]
            "tunnel": site.dmvpn.tunnel + 5,  # type: ignore[union-attr]
            "identity": type(site.dmvpn.identity)(host="south.vpn1.example"),  # type: ignore[union-attr]
        }
    )
    lan = type(site.lan)("10.0.90.0/24")
    new = site.model_copy(update={"lan": lan, "dmvpn": access})
    after = design(intent.model_copy(update={"sites": {**intent.sites, "spoke-vpn1-south": new}}))
    changed = {node.name for node in before.nodes if node != after.node(node.name)}
    assert changed == {"vpn-gw1-east", "inet", "ca"}
