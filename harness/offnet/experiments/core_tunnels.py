"""Probes through the tunnels between PEs: counted as they enter and leave, and as large as fits."""

from __future__ import annotations

import re
from dataclasses import dataclass

from offnet.experiments.bench import Bench, gather
from offnet.experiments.probes import probe
from offnet.experiments.reach import core_growth, counters
from offnet.experiments.wire import wire_capture
from offnet.network.model import CoreTunnel, Network, Site

PROBES = 3
LENGTH = 390  # no other probe, and no message of a routing protocol, is as long
TABLE = "offnet_core"
IP_HEADER, GRE_HEADER, LABEL = 20, 4, 4
PING_HEADERS = 28
ONE_TUNNEL, TWO_TUNNELS = 1, 2  # how many labels are on a packet whose egress is that far away
_COUNTED = re.compile(r'counter packets (\d+) bytes \d+ comment "(\w+) (\d)"')
_TOO_LARGE = re.compile(r"Frag needed and DF set \(mtu = (\d+)\)")


Counted = dict[tuple[str, int], int]
"""GRE packets with one probe: ``sent`` (before ESP) or ``received`` (after it), by how many labels it has."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Probes through one tunnel: replies; GRE packets of their length and growth of the SAs, by PE.

    ``sent`` and ``received`` are counted before ESP and after it; ``grown`` is of both directions.
    """

    replies: int
    sent: dict[str, int]
    received: dict[str, int]
    grown: dict[str, int]


@dataclass(frozen=True, slots=True)
class Fit:
    """The largest packet that may not be fragmented, and one byte more: answered, or which MTU was told."""

    largest_answered: bool
    next_answered: bool
    told: int | None
    fragmented_answered: bool


def travellers(network: Network) -> dict[str, tuple[CoreTunnel, Site, Site]]:
    """For each tunnel two sites of one VPN at its ends, the first an on-net one where there is such."""
    found = {}
    for tunnel in network.core_tunnels:
        pairs = between(network, tunnel.a.node, tunnel.b.node)
        if pairs:
            found[tunnel.name] = (tunnel, *pairs[0])
    return found


def between(network: Network, one: str, other: str) -> list[tuple[Site, Site]]:
    """Sites of one VPN at two PEs, either way; on-net ones first: IPsec would remember an MTU it was told."""
    pairs = (
        (source, target)
        for source in network.sites
        for target in network.sites_of(source.vpn)
        if {source.pe, target.pe} == {one, other}
    )
    return sorted(pairs, key=lambda pair: (pair[0].tunnel is not None, pair[0].name))


def largest(tunnel: CoreTunnel, labels: int = ONE_TUNNEL) -> int:
    """The largest IP packet that enters a tunnel with its labels, in bytes."""
    return tunnel.mtu - labels * LABEL


def passages(bench: Bench) -> dict[str, Passage]:
    """Probes with a length of their own through every tunnel, one tunnel after the other."""
    bench.once(wire_capture)
    return {name: _passage(bench, *chosen) for name, chosen in travellers(bench.network).items()}


def _passage(bench: Bench, tunnel: CoreTunnel, source: Site, target: Site) -> Passage:
    nodes = [end.node for end in tunnel.ends]
    _, before = counters(bench)
    replies, counted = count(bench, nodes, source, target)
    _, after = counters(bench)
    grown = core_growth(before, after)
    return Passage(
        replies,
        {node: counted[node]["sent", ONE_TUNNEL] for node in nodes},
        {node: counted[node]["received", ONE_TUNNEL] for node in nodes},
        {end.node: grown.get((end.node, end.connection), 0) for end in tunnel.ends},
    )


def count(bench: Bench, nodes: list[str], source: Site, target: Site) -> tuple[int, dict[str, Counted]]:
    """Probes between two sites: replies, and the GRE packets with a probe that each of these PEs counted."""
    lab, rules = bench.lab, _counting().encode()
    gather(nodes, lambda node: lab.run(node, ["nft", "-f", "-"], input=rules, timeout=10))
    answers = probe(lab, source.node, source.host, (target.host,), count=PROBES, length=LENGTH)
    return answers.received[target.host], gather(nodes, lambda node: _counted(bench, node))


def _counting() -> str:
    """Counters of GRE packets that hold one probe, before ESP is put on and after it was taken off."""
    lengths = {
        labels: IP_HEADER + GRE_HEADER + labels * LABEL + LENGTH for labels in (ONE_TUNNEL, TWO_TUNNELS)
    }
    chains = ""
    for name, hook in (("sent", "output"), ("received", "input")):
        chains += f"chain {name} {{ type filter hook {hook} priority -300; policy accept;\n"
        for labels, length in lengths.items():
            chains += f'meta l4proto gre meta length {length} counter comment "{name} {labels}"\n'
        chains += "}\n"
    return f"table ip {TABLE} {{}}\ndelete table ip {TABLE}\ntable ip {TABLE} {{\n{chains}}}\n"


def _counted(bench: Bench, node: str) -> Counted:
    text = bench.lab.run(node, ["nft", "list", "table", "ip", TABLE], timeout=10).stdout
    return {(name, int(labels)): int(packets) for packets, name, labels in _COUNTED.findall(text)}


def fits(bench: Bench) -> dict[str, Fit]:
    """Through every tunnel: the largest packet with DF, the next one, and one that may be fragmented."""
    bench.once(wire_capture)
    chosen = travellers(bench.network)
    return {
        name: fit(bench, largest(tunnel), source, target) for name, (tunnel, source, target) in chosen.items()
    }


def fit(bench: Bench, size: int, source: Site, target: Site) -> Fit:
    """A packet of this size between two sites, and one larger by a byte, which must not pass."""

    def ping(length: int, discovery: str) -> tuple[bool, str]:
        argv = ["ping", "-n", "-c", "1", "-W", "1", "-M", discovery, "-s", str(length - PING_HEADERS)]
        argv += ["-I", str(source.host), str(target.host)]
        done = bench.lab.run(source.node, argv, timeout=10, check=False)
        return done.code == 0, done.stdout + done.stderr

    # A source with IPsec of its own would not even send what an earlier answer has told it not to.
    bench.lab.run(source.node, ["ip", "route", "flush", "cache"], timeout=10)
    fitting, _ = ping(size, "probe")
    over, said = ping(size + 1, "probe")
    # The one that may be fragmented is last: until then nothing of the way is known at the source.
    in_parts, _ = ping(1500, "dont")
    told = _TOO_LARGE.search(said)
    return Fit(fitting, over, int(told[1]) if told else None, in_parts)
