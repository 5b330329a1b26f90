"""Probes to every site on a circuit, seen on its layer 2 network: which tags they cross it with.

A capture on all interfaces at once shows no 802.1Q header, but the switch's sub-interface for a tag
shows the frames that have it, and no others.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass

from offnet.experiments.bench import Bench
from offnet.experiments.probes import ICMP_AND_IP_HEADERS, probe
from offnet.network.model import Network, Node, Site
from offnet.observe.capture import Capture
from offnet.observe.packet import Packet

PROBES = 3
FIRST_LENGTH = 380  # no other probe is as long
REQUEST, REPLY = 8, 0


@dataclass(frozen=True, slots=True)
class Crossing:
    """Probes of ``source`` to a site on a circuit: replies, and all tagged packets of them, by tag."""

    source: str
    received: int
    requests: dict[int, int]
    replies: dict[int, int]


def sources(network: Network) -> dict[str, Site]:
    """Who probes each site on a circuit: an off-net site of its VPN, or whoever else is in it."""
    found = {}
    for site, _ in network.circuits():
        others = [other for other in network.sites_of(site.vpn) if other is not site]
        if others:
            found[site.name] = next((other for other in others if other.tunnel), others[0])
    return found


def crossings(bench: Bench) -> dict[str, Crossing]:
    """Probes with a length of their own for each site on a circuit, one site after the other."""
    network, chosen = bench.network, sources(bench.network)
    lengths = {name: FIRST_LENGTH + number for number, name in enumerate(chosen)}
    switches = sorted({circuit.network for _, circuit in network.circuits()})
    received = {}
    with ExitStack() as stack:
        captures = {name: stack.enter_context(Capture(bench.lab, name)) for name in switches}
        for name, source in chosen.items():
            target = network.site(name).host
            answers = probe(
                bench.lab, source.node, source.host, (target,), count=PROBES, length=lengths[name]
            )
            received[name] = answers.received[target]
        seen = {name: capture.stop() for name, capture in captures.items()}
    tagged = {
        name: [(_tag(network.node(name), packet), packet) for packet in own] for name, own in seen.items()
    }
    packets = [(tag, packet) for own in tagged.values() for tag, packet in own if tag is not None]
    return {
        name: Crossing(
            source.name,
            received[name],
            _tags(packets, lengths[name], REQUEST),
            _tags(packets, lengths[name], REPLY),
        )
        for name, source in chosen.items()
    }


def _tag(switch: Node, packet: Packet) -> int | None:
    """The tag of the sub-interface that a packet was seen on."""
    found = (each.vlan for each in switch.default.interfaces if each.name == packet.interface)
    return next(found, None)


def _tags(packets: list[tuple[int, Packet]], length: int, kind: int) -> dict[int, int]:
    """Packets by tag. Twins of other VPNs have the same addresses: the length tells them apart."""
    payload = length - ICMP_AND_IP_HEADERS
    own = (tag for tag, packet in packets if packet.icmp_type == kind and len(packet.payload) == payload)
    return dict(Counter(own))
