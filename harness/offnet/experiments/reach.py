"""Probes between the sites of each VPN, one pair at a time, with every SA's counters in between."""

from __future__ import annotations

from dataclasses import dataclass, field

from offnet.experiments.bench import Bench, gather
from offnet.experiments.crossings import Crossings, count_crossings, crossings
from offnet.experiments.neighbors import give_up_neighbors
from offnet.experiments.probes import probe
from offnet.experiments.shortcuts import shortcuts
from offnet.experiments.wire import wire_capture
from offnet.network.model import Site

PROBES = 3
LENGTH = 84  # an ordinary ping

Counters = dict[tuple[str, int], int]
"""Packets by node and SPI."""
CoreCounters = dict[tuple[str, str], int]
"""Packets by node and PE or spoke at the other end, both directions and all SAs of that pair together."""
CoreSas = dict[tuple[str, str, int], int]
"""The same for each SA, by its unique id: one that ends takes its count away."""


@dataclass(frozen=True, slots=True)
class PairProbe:
    """Requests of one site to both addresses of another. ``growth`` holds only SAs that grew.

    ``crossed`` holds how often probes of that length went into and came out of GRE tunnels.
    ``core`` has the growth of the SAs between PEs, and of those of shortcuts between spokes, which carry
    more than probes as well.
    """

    source: str
    target: str
    sent: int
    to_host: int
    to_marker: int
    growth: Counters
    crossed: Crossings = field(default_factory=dict)
    core: CoreCounters = field(default_factory=dict)


def pairs(bench: Bench) -> tuple[tuple[Site, Site], ...]:
    """Every ordered pair of sites of one VPN."""
    sites = bench.network.sites
    return tuple((a, b) for a in sites for b in sites if a.vpn == b.vpn and a is not b)


def reach(bench: Bench) -> dict[tuple[str, str], PairProbe]:
    """Probes every pair, and takes the counters of all SAs before and after each."""
    bench.once(wire_capture)
    bench.once(shortcuts)  # found now, so that no pair changes its way while it is counted
    give_up_neighbors(bench)  # what came before is not to grow what is counted now
    count_crossings(bench, LENGTH)
    (before, core_before), crossed_before = counters(bench), crossings(bench)
    found = {}
    for source, target in pairs(bench):
        answers = probe(
            bench.lab,
            source.node,
            source.host,
            dict.fromkeys((target.host, target.marker)),
            count=PROBES,
            length=LENGTH,
        )
        (after, core_after), crossed = counters(bench), crossings(bench)
        growth = {sa: after[sa] - before.get(sa, 0) for sa in after if after[sa] != before.get(sa, 0)}
        through = {place: crossed[place] - crossed_before[place] for place in crossed}
        found[source.name, target.name] = PairProbe(
            source.name,
            target.name,
            PROBES,
            answers.received[target.host],
            answers.received[target.marker],
            growth,
            {place: count for place, count in through.items() if count},
            core_growth(core_before, core_after),
        )
        before, core_before, crossed_before = after, core_after, crossed
    return found


def core_growth(before: CoreSas, after: CoreSas) -> CoreCounters:
    """By how much those SAs of each pair of PEs grew that are there now, at each end."""
    grown: CoreCounters = {}
    for (node, peer, sa), count in after.items():
        grown[node, peer] = grown.get((node, peer), 0) + count - before.get((node, peer, sa), 0)
    return grown


def counters(bench: Bench) -> tuple[Counters, CoreSas]:
    """Packets that every SA of every node has carried: charon asks its kernel, which costs no process."""
    nodes = [node.name for node in bench.network.nodes if node.ike]
    network = bench.network
    core = {(end.node, end.connection) for tunnel in network.core_tunnels for end in tunnel.ends}
    spokes = {
        (cloud.name, tunnel.identity): site.name
        for site, tunnel in network.tunnels()
        for cloud in network.clouds
        if site.name in cloud.spokes
    }
    found: Counters = {}
    between_pes: CoreSas = {}
    for node, held in gather(nodes, lambda node: bench.vici(node).list_sas()).items():
        for sa, child in ((one, child) for one in held for child in one.children):
            peer = spokes.get((sa.name, sa.remote_id), sa.name)
            if (node, sa.name) in core or peer != sa.name:
                between_pes[node, peer, child.unique_id] = child.packets_in + child.packets_out
            else:
                found[node, child.spi_in] = child.packets_in
                found[node, child.spi_out] = child.packets_out
    return found, between_pes
