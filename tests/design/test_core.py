"""The provider's own network: VRFs, OSPF, LDP, MP-BGP; expected values are expressions of the intent."""

from __future__ import annotations

from offnet.design.numbers import TABLE_OFFSET
from offnet.intent.models import LabIntent
from offnet.network.model import (
    Network,
    Role,
)


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
