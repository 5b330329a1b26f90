"""Example 9-28: what runs inside the tunnels, what is protected where, and what happens when it is not."""

from __future__ import annotations

import pytest

from offnet.experiments.bench import Bench
from offnet.experiments.core_leaks import PROBES as LEAK_PROBES
from offnet.experiments.core_leaks import State, leak
from offnet.experiments.core_paths import victim
from offnet.experiments.core_tunnels import travellers
from offnet.experiments.labels import imposed, vpn_route
from offnet.experiments.probes import probe
from offnet.experiments.reroute import PROBES as REROUTE_PROBES
from offnet.experiments.reroute import reroute
from offnet.network.model import Network, Role, Site
from offnet.observe import frr, kernel
from offnet.observe.capture import Capture
from offnet.observe.packet import Kind, Packet
from offnet.observe.question import ask
from offnet.pytest_plugin import Tell

PROBES = 3
LENGTH = 402
REQUEST = 8


# ---- Example 9-28: LDP and MP-BGP inside the tunnels ---------------------------------------


def test_9_28_ldp_neighbours_are_discovered_over_the_tunnels(bench: Bench, tell: Tell) -> None:
    """Example 9-28: each LDP session is operational, and its neighbour was discovered on a tunnel."""
    told = []
    for tunnel in bench.network.core_tunnels:
        for own, peer in (tunnel.ends, tunnel.ends[::-1]):
            loopback = bench.network.node(peer.node).loopback
            sessions = ask(bench.lab, own.node, frr.LDP_NEIGHBORS)
            assert [one.operational for one in sessions if one.router_id == loopback] == [True]
            discovery = ask(bench.lab, own.node, frr.text_query("ldpd", "show mpls ldp discovery"))
            lines = [line.split() for line in discovery.splitlines() if str(loopback) in line]
            assert lines, f"{own.node}: {peer.node} not discovered"
            assert all(own.interface in words for words in lines), discovery
            told.append(f"{own.node}: {loopback} on {own.interface}")
    tell("; ".join(told))


def test_9_28_learned_routes_lead_into_a_tunnel_under_their_vpn_label(bench: Bench, tell: Tell) -> None:
    """Example 9-28: a learned route's next hop is the far end of a tunnel, imposed the VPN label alone."""
    told = []
    for tunnel, source, target in travellers(bench.network).values():
        pe = bench.network.node(source.pe)
        own, peer = tunnel.ends if tunnel.a.node == pe.name else tunnel.ends[::-1]
        path = vpn_route(bench, pe, target)
        assert imposed(bench, pe, target) == (path.label,)
        (hop,) = (
            hop
            for route in ask(bench.lab, pe.name, kernel.vrf_routes(pe.default.vrf(target.vpn).table))
            if route.prefix == target.lan
            for hop in route.hops
        )
        assert (hop.interface, hop.via) == (own.interface, peer.inner)
        told.append(f"{pe.name}: {target.lan} via {hop.via} dev {hop.interface}, label {path.label}")
    tell("; ".join(told))


def test_9_28_the_network_between_the_pes_forwards_ip_only(bench: Bench, tell: Tell) -> None:
    """Example 9-28: the network between the PEs has no label, no route of the core and none of a VPN."""
    network = bench.network
    inside = {end.inner for tunnel in network.core_tunnels for end in tunnel.ends}
    inside |= {node.loopback for node in network.role(Role.PE)}
    inside |= {address for site in network.sites for address in (site.host, site.marker)}
    found = ask(bench.lab, network.capture_point, kernel.ROUTES)
    known = [route.prefix for route in found if any(address in route.prefix for address in inside)]
    assert not known
    assert not [hop.labels for route in found for hop in route.hops if hop.labels]
    tell(f"{len(found)} routes at {network.capture_point}, none of {len(inside)} inner addresses")


# ---- CE to PE, PE to PE, PE to CE ----------------------------------------------------------


def requests(packets: tuple[Packet, ...], source: Site, target: Site) -> list[Packet]:
    """The probes that can be read."""
    ends = (str(source.host), str(target.host))
    return [p for p in packets if p.icmp_type == REQUEST and (p.source, p.destination) == ends]


def between(network: Network, *, to_circuit: bool) -> tuple[Site, Site]:
    """An off-net site, and one at another PE: on a circuit there, or off-net as well."""
    return next(
        (source, target)
        for source, _ in network.tunnels()
        for target in network.sites_of(source.vpn)
        if target.pe != source.pe and (target.tunnel is None) is to_circuit
    )


def test_the_pe_ce_circuit_is_in_clear(bench: Bench, tell: Tell) -> None:
    """Encrypted from PE to PE only: on the circuit of an on-net site the same packet can be read."""
    source, target = between(bench.network, to_circuit=True)
    lab = bench.lab
    with Capture(lab, bench.network.capture_point) as wire, Capture(lab, target.pe) as egress:
        answers = probe(lab, source.node, source.host, (target.host,), count=PROBES, length=LENGTH)
        outside, inside = wire.stop(), egress.stop()
    assert answers.received[target.host] == PROBES
    assert not requests(outside, source, target)
    readable = requests(inside, source, target)
    on_circuit = [packet for packet in readable if packet.interface == target.name]
    assert len(on_circuit) == PROBES
    labelled = [packet for packet in readable if packet.labels]
    label = vpn_route(bench, bench.network.node(source.pe), target).label
    assert [packet.labels for packet in labelled] == [(label,)] * PROBES
    tell(f"{labelled[0]}, then {on_circuit[0]}")


def test_a_site_with_ipsec_to_its_pe_is_protected_all_the_way(bench: Bench, tell: Tell) -> None:
    """CE to PE, PE to PE, PE to CE: between off-net sites of two PEs nothing can be read outside."""
    source, target = between(bench.network, to_circuit=False)
    assert source.tunnel is not None
    assert target.tunnel is not None
    core = bench.network.core_tunnel(source.pe, target.pe)
    assert core is not None
    with Capture(bench.lab, bench.network.capture_point) as wire:
        answers = probe(bench.lab, source.node, source.host, (target.host,), count=PROBES, length=LENGTH)
        packets = wire.stop()
    assert answers.received[target.host] == PROBES
    assert not requests(packets, source, target)
    legs = (
        {str(source.tunnel.address), str(source.tunnel.gateway_address)},
        {str(end.outer) for end in core.ends},
        {str(target.tunnel.address), str(target.tunnel.gateway_address)},
    )
    for leg in legs:
        assert [p for p in packets if {p.source, p.destination} == leg and p.kind is Kind.ESP], leg
    tell("ESP on each of " + "; ".join(" - ".join(sorted(leg)) for leg in legs))


# ---- the leak matrix -----------------------------------------------------------------------


@pytest.mark.parametrize("state", list(State))
def test_nothing_leaves_in_clear(bench: Bench, tell: Tell, state: State) -> None:
    """Fail closed between PEs."""
    seen = leak(bench, state)
    assert not seen.clear, f"in clear: {seen.clear[0]} and {len(seen.clear) - 1} more"
    assert seen.back, f"{victim(bench.network).own.node} does not come back"
    if state is State.KILLED:
        assert seen.answered == LEAK_PROBES, "the kernel keeps SAs and policies of a charon that was killed"
        assert seen.esp
    elif state in (State.UNLOADED, State.STOPPED):
        assert seen.policies == 0
        assert seen.guarded, "the guard had nothing to drop"
    elif state in (State.DELETED, State.EMPTIED):
        assert seen.policies, "the trap's policy is gone"
        assert seen.unprotected, "no packet met the policy"
    tell(
        f"0 in clear, {seen.esp} ESP; dropped: {seen.guarded} by the guard, {seen.unprotected} by a policy "
        f"without SA; {seen.answered} of {LEAK_PROBES} probes answered meanwhile"
    )


# ---- one tunnel of three -------------------------------------------------------------------


def test_traffic_of_a_dead_tunnel_takes_the_other_two(bench: Bench, tell: Tell) -> None:
    """One tunnel dead: traffic takes the other two, under two labels and still encrypted, then returns."""
    chosen = victim(bench.network)
    seen = reroute(bench)
    ends = {chosen.own.node, chosen.peer.node}
    assert 0 < seen.received < seen.sent, f"{seen.received} of {seen.sent} replies: nothing was cut"
    assert seen.answered == REROUTE_PROBES
    assert len(seen.stack) == 2, seen.stack
    third = {pe.name for pe in bench.network.role(Role.PE)} - ends
    for transit in third:
        for end in ends:
            assert seen.grown[end, transit] >= 2 * REROUTE_PROBES
            assert seen.grown[transit, end] >= 2 * REROUTE_PROBES
    allowed = {Kind.ESP, Kind.IKE, Kind.ARP}
    assert not [packet for packet in seen.packets if packet.kind not in allowed]
    assert len(seen.back) == 1, "the direct tunnel is not taken again"
    tell(f"{seen.seconds:.2f} s without replies, then labels {seen.stack} by {', '.join(third)}")
