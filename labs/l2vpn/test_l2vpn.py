"""Example 9-27: the routing on each circuit, and what a circuit is to the VRF."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from offnet.experiments.bench import Bench
from offnet.experiments.state import routes
from offnet.network.model import Circuit, Network, Node, Role, Site
from offnet.observe import frr, kernel
from offnet.observe.kernel_model import MAIN_TABLE
from offnet.observe.question import ask
from offnet.pytest_plugin import Tell
from offnet.wait import until

DEADLINE = 10.0


def the_pe(network: Network) -> Node:
    """The aggregator that all circuits lead to."""
    (pe,) = network.role(Role.PE)
    return pe


def twins(network: Network) -> list[tuple[Site, Circuit]]:
    """Circuits whose subnet another VPN has as well."""
    ends = [(circuit.address, circuit.far_address) for _, circuit in network.circuits()]
    return [
        (site, circuit)
        for site, circuit in network.circuits()
        if ends.count((circuit.address, circuit.far_address)) > 1
    ]


def test_9_27_two_vpns_have_the_same_subnet_on_their_circuits(bench: Bench, tell: Tell) -> None:
    """Example 9-27: both circuits have the same subnet; each is a sub-interface in its own VRF."""
    pe = the_pe(bench.network)
    found = twins(bench.network)
    assert {site.vpn for site, _ in found} == {vpn.name for vpn in bench.network.vpns}
    states = {state.name: state for state in ask(bench.lab, pe.name, kernel.INTERFACES)}
    for site, circuit in found:
        own = states[circuit.interface]
        assert (own.kind, own.master) == ("vlan", site.vpn)
        assert [address.ip for address in own.addresses] == [circuit.address]
    tell("; ".join(f"{c.interface} in {s.vpn}: {c.address} - {c.far_address}" for s, c in found))


def test_9_27_each_vrf_has_its_own_ospf_neighbour(bench: Bench, tell: Tell) -> None:
    """Example 9-27: one routing process in each VRF, full with the far CE of that VPN and no other."""
    pe = the_pe(bench.network)
    full = {
        (neighbor.interface, neighbor.address)
        for neighbor in ask(bench.lab, pe.name, frr.OSPF_VRF_NEIGHBORS)
        if neighbor.full
    }
    wanted = {(circuit.interface, circuit.far_address) for _, circuit in bench.network.circuits()}
    assert full == wanted
    tell("; ".join(f"{interface}: {address}" for interface, address in sorted(full)))


def test_9_27_a_far_ce_learns_its_own_vpn_only(bench: Bench, tell: Tell) -> None:
    """Example 9-27: a far CE learns every reverse route of its VPN and nothing of another one."""
    state = bench.once(routes)
    told = []
    for site, circuit in bench.network.circuits():
        learned = {
            route.prefix
            for route in state.kernel[site.node]
            if route.table == MAIN_TABLE and [hop.via for hop in route.hops] == [circuit.address]
        }
        assert learned == {other.lan for other in bench.network.sites_of(site.vpn) if other is not site}
        told.append(f"{site.name}: {', '.join(str(prefix) for prefix in sorted(learned))}")
    tell("; ".join(told))


def test_9_27_the_provider_needs_neither_labels_nor_mp_bgp(bench: Bench, tell: Tell) -> None:
    """Example 9-27: reverse routes reach the far CE by the circuit's routing, without any VPNv4 route."""
    pe = the_pe(bench.network)
    assert pe.default.bgp is None
    assert pe.default.ldp is None
    state = bench.once(routes)
    assert not state.vpn
    labels = [hop.labels for route in state.kernel[pe.name] for hop in route.hops if hop.labels]
    assert not labels
    tell(f"{len(state.kernel[pe.name])} routes at {pe.name}, none with a label")


def test_9_27_the_decrypted_packet_is_looked_up_in_its_vrf(bench: Bench, tell: Tell) -> None:
    """Example 9-27: in each VRF the same destination leads to that VPN's circuit."""
    pe = the_pe(bench.network)
    told = []
    for site, circuit in bench.network.circuits():
        lookup = kernel.route_get(bench.lab, pe.name, site.host, vrf=site.vpn)
        assert lookup.hop is not None, lookup.error
        assert (lookup.hop.interface, lookup.hop.via) == (circuit.interface, circuit.far_address)
        told.append(f"{site.vpn}: {site.host} dev {lookup.hop.interface}")
    tell("; ".join(told))


def test_a_far_ce_is_believed_about_its_own_lan_only(bench: Bench, tell: Tell) -> None:
    """A far CE that announces everything is heard, and no route is taken from it but that to its LAN."""
    pe = the_pe(bench.network)
    told = []
    for site, circuit in bench.network.circuits():
        with announcing_everything(bench, site):
            until(
                lambda site=site: "0.0.0.0/0" in heard(bench, pe, site.vpn),  # type: ignore[misc]  # bound early
                what=f"{pe.name} hears a default route of {site.name}",
                deadline=DEADLINE,
            )
            routes_there = ask(bench.lab, pe.name, kernel.vrf_routes(pe.default.vrf(site.vpn).table))
        taken = {
            route.prefix
            for route in routes_there
            if any((hop.interface, hop.via) == (circuit.interface, circuit.far_address) for hop in route.hops)
        }
        assert taken == {site.lan}
        told.append(f"{site.name}: {site.lan} only")
    tell("; ".join(told))


def heard(bench: Bench, pe: Node, vpn: str) -> str:
    """What the routing process of a VRF has learned, whatever becomes of it."""
    return bench.lab.run(pe.name, ["vtysh", "-c", f"show ip ospf vrf {vpn} route"], timeout=10).stdout


@contextmanager
def announcing_everything(bench: Bench, site: Site) -> Iterator[None]:
    """The far CE with a default route among what it announces."""
    pe, words = the_pe(bench.network), "default-information originate"

    def configure(line: str) -> None:
        lines = ("configure terminal", "router ospf", line)
        argv = ["vtysh", *(word for one in lines for word in ("-c", one))]
        bench.lab.run(site.node, argv, timeout=10)

    configure(f"{words} always")
    try:
        yield
    finally:
        configure(f"no {words}")
        until(
            lambda: "0.0.0.0/0" not in heard(bench, pe, site.vpn),
            what=f"{pe.name} hears no default route of {site.name} any more",
            deadline=DEADLINE,
        )
