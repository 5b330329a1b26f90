"""Probes through the tunnels between PEs: counted as they enter and leave, and as large as fits."""

from __future__ import annotations

import re
from collections.abc import Iterator
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
_COUNTED = re.compile(r'counter packets (\d+) bytes \d+ comment "(\w+)"')
_TOO_LARGE = re.compile(r"Frag needed and DF set \(mtu = (\d+)\)")


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
        pairs = sorted(_pairs(network, tunnel), key=lambda pair: (pair[0].tunnel is not None, pair[0].name))
        if pairs:
            found[tunnel.name] = (tunnel, *pairs[0])
    return found


def _pairs(network: Network, tunnel: CoreTunnel) -> Iterator[tuple[Site, Site]]:
    ends = {end.node for end in tunnel.ends}
    for source in network.sites:
        for target in network.sites_of(source.vpn):
            if {source.pe, target.pe} == ends:
                yield source, target


def largest(tunnel: CoreTunnel) -> int:
    """The largest IP packet that enters a tunnel with its VPN label, in bytes."""
    return tunnel.mtu - LABEL


def passages(bench: Bench) -> dict[str, Passage]:
    """Probes with a length of their own through every tunnel, one tunnel after the other."""
    bench.once(wire_capture)
    return {name: _passage(bench, *chosen) for name, chosen in travellers(bench.network).items()}


def _passage(bench: Bench, tunnel: CoreTunnel, source: Site, target: Site) -> Passage:
    lab, nodes = bench.lab, [end.node for end in tunnel.ends]
    gather(nodes, lambda node: lab.run(node, ["nft", "-f", "-"], input=_counting().encode(), timeout=10))
    _, before = counters(bench)
    answers = probe(lab, source.node, source.host, (target.host,), count=PROBES, length=LENGTH)
    _, after = counters(bench)
    grown = core_growth(before, after)
    counted = gather(nodes, lambda node: _counted(bench, node))
    return Passage(
        answers.received[target.host],
        {node: counted[node]["sent"] for node in nodes},
        {node: counted[node]["received"] for node in nodes},
        {end.node: grown.get((end.node, end.connection), 0) for end in tunnel.ends},
    )


def _counting() -> str:
    """Counters of GRE packets that hold one probe, before ESP is put on and after it was taken off."""
    length = IP_HEADER + GRE_HEADER + LABEL + LENGTH
    chains = "".join(
        f"chain {name} {{ type filter hook {hook} priority -300; policy accept; "
        f'meta l4proto gre meta length {length} counter comment "{name}"; }}\n'
        for name, hook in (("sent", "output"), ("received", "input"))
    )
    return f"table ip {TABLE} {{}}\ndelete table ip {TABLE}\ntable ip {TABLE} {{\n{chains}}}\n"


def _counted(bench: Bench, node: str) -> dict[str, int]:
    text = bench.lab.run(node, ["nft", "list", "table", "ip", TABLE], timeout=10).stdout
    return {name: int(packets) for packets, name in _COUNTED.findall(text)}


def fits(bench: Bench) -> dict[str, Fit]:
    """Through every tunnel: the largest packet with DF, the next one, and one that may be fragmented."""
    bench.once(wire_capture)
    return {name: _fit(bench, *chosen) for name, chosen in travellers(bench.network).items()}


def _fit(bench: Bench, tunnel: CoreTunnel, source: Site, target: Site) -> Fit:
    def ping(length: int, discovery: str) -> tuple[bool, str]:
        argv = ["ping", "-n", "-c", "1", "-W", "1", "-M", discovery, "-s", str(length - PING_HEADERS)]
        argv += ["-I", str(source.host), str(target.host)]
        done = bench.lab.run(source.node, argv, timeout=10, check=False)
        return done.code == 0, done.stdout + done.stderr

    fitting, _ = ping(largest(tunnel), "probe")
    over, said = ping(largest(tunnel) + 1, "probe")
    # The one that may be fragmented is last: until then nothing of the way is known at the source.
    in_parts, _ = ping(1500, "dont")
    told = _TOO_LARGE.search(said)
    return Fit(fitting, over, int(told[1]) if told else None, in_parts)
