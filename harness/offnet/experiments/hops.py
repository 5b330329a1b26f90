"""Probes from one site to an off-net one, seen on every link that they take."""

from __future__ import annotations

from dataclasses import dataclass

from offnet.experiments.bench import Bench
from offnet.experiments.probes import probe
from offnet.experiments.wire import wire_capture
from offnet.network.model import Role, Site
from offnet.observe import kernel
from offnet.observe.capture import Capture
from offnet.observe.packet import Direction, Kind, Packet
from offnet.observe.question import ask

PROBES = 3
LENGTH = 333  # no other probe is as long
REQUEST = 8


@dataclass(frozen=True, slots=True)
class Hops:
    """Requests from ``source`` to ``target``: at the P router, then encrypted at the capture point.

    ``labelled`` are those that a P router received, ``popped`` those that it sent on; ``growth`` is by
    (if_id, SPI) at the aggregator, of SAs that grew.
    """

    source: Site
    target: Site
    received: int
    labelled: tuple[Packet, ...]
    popped: tuple[Packet, ...]
    encrypted: tuple[Packet, ...]
    growth: dict[tuple[int, int], int]


def hops(bench: Bench) -> Hops:
    """From the first on-net site of a VPN to its first off-net site, by way of the first P router."""
    network, lab = bench.network, bench.lab
    target, tunnel = next(network.tunnels())
    source = next(site for site in network.sites_of(target.vpn) if site.tunnel is None)
    wire = bench.once(wire_capture)
    with Capture(lab, network.role(Role.P)[0].name) as core:
        already, before = len(wire.fence()), _counters(bench, tunnel.gateway)
        answers = probe(lab, source.node, source.host, (target.host,), count=PROBES, length=LENGTH)
        after = _counters(bench, tunnel.gateway)
        requests = [packet for packet in core.stop() if _ours(packet, source, target)]
        encrypted = wire.fence()[already:]
    return Hops(
        source,
        target,
        answers.received[target.host],
        tuple(packet for packet in requests if packet.direction is Direction.IN),
        tuple(packet for packet in requests if packet.direction is Direction.OUT),
        tuple(packet for packet in encrypted if packet.kind is Kind.ESP),
        {sa: count - before.get(sa, 0) for sa, count in after.items() if count != before.get(sa, 0)},
    )


def _ours(packet: Packet, source: Site, target: Site) -> bool:
    ends = (str(source.host), str(target.host))
    return packet.icmp_type == REQUEST and (packet.source, packet.destination) == ends


def _counters(bench: Bench, gateway: str) -> dict[tuple[int, int], int]:
    return {(sa.if_id, sa.spi): sa.packets for sa in ask(bench.lab, gateway, kernel.XFRM_STATES)}
