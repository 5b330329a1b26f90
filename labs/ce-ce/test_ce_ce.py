"""The introduction's and the closing page's points: what a mesh of customers' routers costs, and hides."""

from __future__ import annotations

import re
from itertools import permutations

from offnet.experiments.bench import Bench
from offnet.experiments.overlays import sights
from offnet.experiments.reach import reach
from offnet.experiments.state import sas
from offnet.network.model import Network, Overlay, Role, Site
from offnet.pytest_plugin import Tell

TTL = 64
SAS_PER_TUNNEL = 2


def the_mesh(network: Network) -> Overlay:
    """The overlay of the lab."""
    (overlay,) = network.overlays
    return overlay


def ttl(bench: Bench, source: Site, target: Site) -> int:
    """What is left of a reply's TTL when it arrives."""
    argv = ["ping", "-n", "-c", "1", "-W", "2", "-t", str(TTL), "-I", str(source.host), str(target.host)]
    found = re.search(r"ttl=(\d+)", bench.lab.run(source.node, argv, timeout=10).stdout)
    assert found, f"{target.name} does not answer {source.name}"
    return int(found[1])


def test_introduction_every_router_holds_a_tunnel_to_every_other_one(bench: Bench, tell: Tell) -> None:
    """Introduction: each of N routers holds N-1 tunnels; kernels hold two SAs for each of them."""
    state, mesh = bench.once(sas), the_mesh(bench.network)
    others = len(mesh.sites) - 1
    for name in mesh.sites:
        held = {sa.name for sa in state.ike[name] if sa.current}
        assert held == set(mesh.sites) - {name}
        current = {
            spi for sa in state.ike[name] for c in sa.current_children for spi in (c.spi_in, c.spi_out)
        }
        assert len(current & {entry.spi for entry in state.kernel[name]}) == SAS_PER_TUNNEL * others
    tell(f"{len(mesh.sites)} routers, {others} tunnels each, {len(mesh.tunnels)} in all")


def test_introduction_the_pes_hold_no_sa_at_all(bench: Bench, tell: Tell) -> None:
    """Introduction: the provider transports; no PE has a charon, an SA or a connection of the customer."""
    pes = bench.network.role(Role.PE, Role.P)
    assert [node.name for node in pes if node.ike or node.reverse_routes] == []
    states = {pe.name: bench.lab.run(pe.name, ["ip", "xfrm", "state"], timeout=10).stdout for pe in pes}
    assert not any(text.strip() for text in states.values()), states
    tell(f"{', '.join(states)}: no SA")


def test_closing_page_nobody_reads_an_inner_address(bench: Bench, tell: Tell) -> None:
    """Closing page: no packet that the provider sees bears the two addresses of an inner packet."""
    bench.once(reach)
    mesh, network = the_mesh(bench.network), bench.network
    members = [network.site(name) for name in mesh.sites]
    pairs = [a.host.packed + b.marker.packed for a, b in permutations(members, 2)]
    inside = [
        packet
        for sight in bench.once(sights).values()
        for packet in sight.before
        if packet.spi is not None or packet.ike is not None
    ]
    assert inside, "no packet of the mesh was seen"
    readable = [str(packet) for packet in inside for pair in pairs if pair in packet.payload]
    assert readable == []
    tell(f"{len(inside)} packets, none bears them")


def test_closing_page_the_provider_is_no_hop_of_the_overlay(bench: Bench, tell: Tell) -> None:
    """Closing page: to the mesh the provider is a wire; to the VPN beside it, it is routers that count."""
    mesh, network = the_mesh(bench.network), bench.network
    first, last = network.site(mesh.sites[0]), network.site(mesh.sites[-1])
    plain = [site for site in network.sites if site.overlay is None]
    through_mesh, through_provider = ttl(bench, first, last), ttl(bench, plain[0], plain[-1])
    assert through_mesh == TTL
    assert through_provider < TTL
    tell(f"TTL {TTL} arrives as {through_mesh} by the mesh, as {through_provider} by the provider's VPN")
