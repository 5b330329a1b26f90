"""The packet flow of Examples 9-14 to 9-18, hop by hop, from the SA to the outer route."""

from __future__ import annotations

from offnet.experiments.bench import Bench
from offnet.experiments.hops import PROBES, hops
from offnet.experiments.labels import imposed, ldp_label, vpn_route
from offnet.experiments.negotiation import negotiation
from offnet.experiments.state import routes, sas
from offnet.network.model import Role, Site, Tunnel
from offnet.observe import frr, kernel
from offnet.observe.frr_model import IMPLICIT_NULL
from offnet.observe.question import ask
from offnet.pytest_plugin import Tell
from offnet.render.agent import REVERSE_ROUTE_PROTOCOL

# ---- what the intent says of the tunnel and its path ---------------------------------------


def the_tunnel(bench: Bench) -> tuple[Site, Tunnel]:
    """The tunnel that the book follows: the first one of the lab."""
    return next(bench.network.tunnels())


def remote_site(bench: Bench) -> Site:
    """The on-net site at the other end of the book's packet flow."""
    site, _ = the_tunnel(bench)
    return next(other for other in bench.network.sites_of(site.vpn) if other.tunnel is None)


# ---- Examples 9-14 to 9-16: SA, injected route, lookup in the VRF --------------------------


def test_9_14_ipsec_sas_are_in_the_inside_vrf(bench: Bench, tell: Tell) -> None:
    """Example 9-14: the IPsec SAs protect the LAN in tunnel mode, in the inside VRF (protected vrf)."""
    site, tunnel = the_tunnel(bench)
    seen = bench.once(negotiation)
    assert seen.child.remote_ts == (str(site.lan),)
    assert seen.child.mode.upper() == "TUNNEL"
    assert seen.child.unique_id != seen.before.unique_id
    states = {state.spi: state for state in ask(bench.lab, tunnel.gateway, kernel.XFRM_STATES)}
    incoming, outgoing = states[seen.child.spi_in], states[seen.child.spi_out]
    assert (incoming.source, incoming.destination) == (tunnel.address, tunnel.gateway_address)
    assert (outgoing.source, outgoing.destination) == (tunnel.gateway_address, tunnel.address)
    assert {incoming.if_id, outgoing.if_id} == {tunnel.if_id}
    assert not {seen.before.spi_in, seen.before.spi_out} & states.keys(), "SAs of the old tunnel are left"
    tell(f"in {incoming.spi:08x}, out {outgoing.spi:08x}, if_id {tunnel.if_id} of VRF {tunnel.vrf}")


def test_9_15_reverse_route_follows_its_sa(bench: Bench, tell: Tell) -> None:
    """Example 9-15: the agent withdraws the route with the old SA, then injects it with the new one."""
    site, tunnel = the_tunnel(bench)
    seen = bench.once(negotiation)
    gone = f"withdrawn {site.lan} from {tunnel.vrf} with {tunnel.gateway_connection}#{seen.before.unique_id} "
    came = f"route {site.lan} in {tunnel.vrf} by {tunnel.gateway_connection}#{seen.child.unique_id} "
    places = [next((n for n, line in enumerate(seen.agent) if text in line), None) for text in (gone, came)]
    assert None not in places, "\n".join(seen.agent)
    assert places == sorted(places, key=lambda place: place or 0)
    tell(seen.agent[places[1] or 0])


def test_9_15_route_is_in_the_vrf_and_no_peer_route(bench: Bench, tell: Tell) -> None:
    """Example 9-15: the LAN is in the VRF by the IPsec interface; the book's route to the peer is not."""
    site, tunnel = the_tunnel(bench)
    vrf = bench.network.node(tunnel.gateway).default.vrf(tunnel.vrf)
    bench.once(negotiation)
    (route,) = (
        r for r in ask(bench.lab, tunnel.gateway, kernel.vrf_routes(vrf.table)) if r.prefix == site.lan
    )
    interface = next(i for i in bench.network.node(tunnel.gateway).default.interfaces if i.if_id == vrf.if_id)
    assert [hop.interface for hop in route.hops] == [interface.name]
    assert route.protocol == str(REVERSE_ROUTE_PROTOCOL)
    for other in bench.network.node(tunnel.gateway).default.vrfs:
        lookup = kernel.route_get(bench.lab, tunnel.gateway, tunnel.address, vrf=other.name)
        assert lookup.unreachable, f"VRF {other.name} has a way to the peer {tunnel.address}"
    tell(f"{route.prefix} by {interface.name} in {vrf.name}; {tunnel.address} in no VRF")


def test_9_16_lookup_in_the_vrf_ends_at_the_ipsec_interface(bench: Bench, tell: Tell) -> None:
    """Example 9-16: a packet of the VRF for the LAN is forwarded to the IPsec interface, without labels."""
    site, tunnel = the_tunnel(bench)
    gateway = bench.network.node(tunnel.gateway)
    vrf = gateway.default.vrf(tunnel.vrf)
    lookup = kernel.route_get(bench.lab, gateway.name, site.host, vrf=vrf.name)
    interface = next(i for i in gateway.default.interfaces if i.if_id == vrf.if_id)
    assert lookup.hop is not None, lookup.error
    assert (lookup.hop.interface, lookup.table, lookup.hop.labels) == (interface.name, vrf.table, ())
    tell(f"{site.host} in table {lookup.table}: dev {lookup.hop.interface}")


def test_9_16_outer_packet_is_looked_up_in_the_front_door_vrf(bench: Bench, tell: Tell) -> None:
    """Example 9-16, step 6 of the text: the encrypted packet is routed once more, by the front-door table."""
    _, tunnel = the_tunnel(bench)
    gateway = bench.network.node(tunnel.gateway)
    door = next(interface for interface in gateway.default.interfaces if interface.front_door)
    default = next(route for route in gateway.default.routes if route.interface == door.name)
    lookup = kernel.route_get(bench.lab, gateway.name, tunnel.address)
    assert lookup.hop is not None, lookup.error
    assert (lookup.hop.interface, lookup.hop.via) == (door.name, default.via)
    assert lookup.source == tunnel.gateway_address
    tell(f"{tunnel.address} via {lookup.hop.via} dev {lookup.hop.interface}")


# ---- Examples 9-17 and 9-18: VPNv4 route, imposed labels, the way back ---------------------


def test_9_17_remote_site_is_learned_with_two_labels(bench: Bench, tell: Tell) -> None:
    """Example 9-17: the aggregator learns the remote site by MP-BGP and imposes {LDP label, VPN label}."""
    site = remote_site(bench)
    gateway, remote = bench.network.node(the_tunnel(bench)[0].pe), bench.network.node(site.pe)
    path = vpn_route(bench, gateway, site)
    assert (path.next_hop, path.best, path.valid) == (remote.loopback, True, True)
    expected = (ldp_label(bench, gateway, remote), path.label)
    assert imposed(bench, gateway, site) == expected
    tell(f"{path.rd} {path.prefix} via {path.next_hop}, imposed {expected}")


def test_9_17_lan_is_learned_by_the_remote_pe(bench: Bench, tell: Tell) -> None:
    """Example 9-17: the spoke's LAN is a VPNv4 route at the remote PE, imposed {LDP label, VPN label}."""
    site, tunnel = the_tunnel(bench)
    gateway, remote = bench.network.node(tunnel.gateway), bench.network.node(remote_site(bench).pe)
    bench.once(negotiation)
    path = vpn_route(bench, remote, site)
    assert path.next_hop == gateway.loopback
    assert set(path.route_targets) == set(gateway.default.vrf(tunnel.vrf).rt_export)
    expected = (ldp_label(bench, remote, gateway), path.label)
    assert imposed(bench, remote, site) == expected
    tell(f"{path.rd} {path.prefix} via {path.next_hop}, imposed {expected}")


def test_9_18_vpn_label_leads_into_the_vrf(bench: Bench, tell: Tell) -> None:
    """Example 9-18: at the aggregator the VPN label is popped and the next lookup is in the VRF.

    IOS 12.3 allocates a label for each prefix and switches straight to the interface; FRR allocates one
    for the VRF, and the VRF's own table decides.
    """
    site, tunnel = the_tunnel(bench)
    label = vpn_route(bench, bench.network.node(remote_site(bench).pe), site).label
    (entry,) = (e for e in ask(bench.lab, tunnel.gateway, frr.MPLS_TABLE) if e.label == label)
    assert entry.installed
    assert entry.pops
    assert entry.interface == tunnel.vrf
    (route,) = (r for r in ask(bench.lab, tunnel.gateway, kernel.MPLS_ROUTES) if r.label == label)
    assert (route.out_labels, route.interface) == ((), tunnel.vrf)
    tell(f"{label}: pop, then lookup in VRF {entry.interface}")


def test_9_18_return_path_carries_both_labels_over_a_clear_payload(bench: Bench, tell: Tell) -> None:
    """Example 9-18: the return packet crosses the core under exactly these labels, its payload in clear."""
    site, tunnel = the_tunnel(bench)
    gateway = bench.network.node(tunnel.gateway)
    seen = bench.once(hops)
    remote = bench.network.node(seen.source.pe)
    label = vpn_route(bench, remote, site).label
    assert label is not None
    stack = (ldp_label(bench, remote, gateway), label)
    assert [packet.labels for packet in seen.labelled] == [stack] * PROBES
    (p_router,) = bench.network.role(Role.P)
    popped = ask(bench.lab, p_router.name, frr.MPLS_TABLE)
    assert {e.out_labels for e in popped if e.label == stack[0]} == {(IMPLICIT_NULL,)}
    assert [packet.labels for packet in seen.popped] == [(label,)] * PROBES
    assert seen.received == PROBES
    tell(f"{', '.join(str(packet) for packet in seen.labelled[:1])}, then {seen.popped[0].labels}")


def test_9_18_the_sa_of_the_vrf_carries_it(bench: Bench, tell: Tell) -> None:
    """Example 9-18: the VRF's SA of that peer encrypts it (and decrypts the answer), no other SA grows."""
    site, tunnel = the_tunnel(bench)
    seen = bench.once(hops)
    (child,) = (
        child
        for sa in bench.vici(tunnel.gateway).list_sas(tunnel.gateway_connection)
        for child in sa.current_children
    )
    wanted = {(tunnel.if_id, child.spi_out): PROBES, (tunnel.if_id, child.spi_in): PROBES}
    assert seen.growth == wanted
    outward = [
        p
        for p in seen.encrypted
        if (p.source, p.destination) == (str(tunnel.gateway_address), str(tunnel.address))
    ]
    assert {p.spi for p in outward} == {child.spi_out}
    tell(f"{PROBES} packets to {site.host} by SPI {child.spi_out:08x} of if_id {tunnel.if_id}")


def test_no_provider_table_knows_the_peer_but_the_global_one(bench: Bench, tell: Tell) -> None:
    """The peer's address is in no VRF and no VPNv4 route of any PE: the front door alone leads to it."""
    outer = {tunnel.address for _, tunnel in bench.network.tunnels()}
    state = bench.once(routes)
    for pe in bench.network.role(Role.PE):
        tables = {vrf.table for vrf in pe.default.vrfs}
        inside = [route.prefix for route in state.kernel[pe.name] if route.table in tables and route.hops]
        told = [path.prefix for path in state.vpn[pe.name]]
        assert not [prefix for prefix in (*inside, *told) if any(address in prefix for address in outer)]
    tell(f"{len(outer)} outer addresses in no VRF; {len(bench.once(sas).ike)} charons")
