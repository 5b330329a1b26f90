"""PEs without a tunnel between them: probes take the tunnels of others, under LDP's label and the VPN's."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from offnet.experiments.bench import Bench
from offnet.experiments.core_tunnels import (
    ONE_TUNNEL,
    PROBES,
    TWO_TUNNELS,
    Counted,
    Fit,
    between,
    count,
    fit,
    largest,
)
from offnet.experiments.labels import imposed
from offnet.experiments.wire import wire_capture
from offnet.network.model import Network, Role, Site
from offnet.observe.errors import ObserveError

ENDS, BETWEEN = "both ends", "PEs between them"


@dataclass(frozen=True, slots=True)
class Transit:
    """Two sites of one VPN at PEs without a tunnel; so many lead from one to the other, at the least.

    ``largest`` is what a packet may have that enters the first tunnel under two labels, in bytes.
    """

    source: Site
    target: Site
    tunnels: int
    largest: int


@dataclass(frozen=True, slots=True)
class Crossed:
    """Probes of a transit: replies, the labels imposed at the source's PE, and what each PE counted."""

    replies: int
    stack: tuple[int, ...]
    counted: dict[str, Counted]
    fit: Fit

    def through(self, transit: Transit) -> list[str]:
        """The PEs other than the two ends that saw a probe."""
        ends = {transit.source.pe, transit.target.pe}
        return [node for node, counts in self.counted.items() if node not in ends and any(counts.values())]

    def count(self, transit: Transit, where: str, way: str, labels: int) -> int:
        """Probes with so many labels that were sent or received at both ends, or between them."""
        ends = {transit.source.pe, transit.target.pe}
        nodes = [node for node in self.counted if (node in ends) is (where == ENDS)]
        return sum(self.counted[node].get((way, labels), 0) for node in nodes)


def transits_of(network: Network) -> dict[str, Transit]:
    """For every two PEs without a tunnel, which have sites of one VPN, two of those sites."""
    found = {}
    for ends in combinations([pe.name for pe in network.role(Role.PE)], 2):
        tunnels, pairs = _distance(network, *ends), between(network, *ends)
        if tunnels > ONE_TUNNEL and pairs:
            size = min(largest(tunnel, TWO_TUNNELS) for tunnel in network.core_tunnels)
            found[" - ".join(ends)] = Transit(*pairs[0], tunnels, size)
    return found


def _distance(network: Network, one: str, other: str) -> int:
    """How many tunnels lead from one PE to another; 0 where none do."""
    ends = [{end.node for end in tunnel.ends} for tunnel in network.core_tunnels]
    reached, tunnels = {one}, 0
    while other not in reached:
        more = reached.union(*(pair for pair in ends if pair & reached))
        if more == reached:
            return 0
        reached, tunnels = more, tunnels + 1
    return tunnels


def wanted_crossings(transit: Transit) -> dict[tuple[str, str, int], int]:
    """What is to be counted where, of requests and replies together, by labels."""
    both, between = 2 * PROBES, transit.tunnels - 1
    return {
        (ENDS, "sent", TWO_TUNNELS): both,
        (ENDS, "received", ONE_TUNNEL): both,
        (BETWEEN, "received", TWO_TUNNELS): both * between,
        (BETWEEN, "sent", TWO_TUNNELS): both * (between - 1),
        (BETWEEN, "sent", ONE_TUNNEL): both,
    }


def transits(bench: Bench) -> dict[str, Crossed]:
    """Probes between the sites of every transit, one after the other, then packets as large as fit."""
    bench.once(wire_capture)
    return {name: _cross(bench, transit) for name, transit in transits_of(bench.network).items()}


def _cross(bench: Bench, transit: Transit) -> Crossed:
    source, target = transit.source, transit.target
    try:
        stack = imposed(bench, bench.network.node(source.pe), target)
    except ObserveError:
        stack = ()
    replies, counted = count(bench, [pe.name for pe in bench.network.role(Role.PE)], source, target)
    return Crossed(replies, stack, counted, fit(bench, transit.largest, source, target))
