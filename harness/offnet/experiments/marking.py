"""Probes that bear a DSCP, and what of it is seen inside, on ESP, and on MPLS labels."""

from __future__ import annotations

from dataclasses import dataclass

from offnet.experiments.bench import Bench
from offnet.experiments.probes import probe
from offnet.experiments.subjects import Subject
from offnet.experiments.wire import wire_capture
from offnet.network.model import Role
from offnet.observe.capture import Capture
from offnet.observe.packet import Direction, Kind, Packet

PROBES = 3
LENGTH = 334  # no other probe is as long
EXPEDITED = 46
"""Expedited forwarding (RFC 3246): what voice is marked with."""


@dataclass(frozen=True, slots=True)
class Marking:
    """DSCPs of requests where they arrive, of ESP toward and from the aggregator, and labels' classes.

    ``classes`` holds, for each labelled packet that a P router received, the traffic class of each label.
    """

    inside: tuple[int | None, ...]
    toward: tuple[int | None, ...]
    back: tuple[int | None, ...]
    classes: tuple[tuple[int, ...], ...]


def marking(bench: Bench, subject: Subject) -> Marking:
    """Marked requests of an off-net site to an on-net one; the answers bear the same mark."""
    site, partner, tunnel = subject.site, subject.partner, subject.tunnel
    wire, router = bench.once(wire_capture), bench.network.role(Role.P)[0].name
    with Capture(bench.lab, router) as core, Capture(bench.lab, partner.node) as end:
        already = len(wire.fence())
        probe(
            bench.lab,
            site.node,
            site.host,
            (partner.host,),
            count=PROBES,
            length=LENGTH,
            dscp=EXPEDITED,
        )
        esp = [packet for packet in wire.fence()[already:] if packet.kind is Kind.ESP]
        labelled = [packet for packet in core.stop() if packet.labels]
        arrived = end.stop()
    outer, inner = (str(tunnel.address), str(tunnel.gateway_address)), (str(site.host), str(partner.host))
    return Marking(
        inside=tuple(packet.dscp for packet in arrived if _goes(packet, *inner)),
        toward=tuple(packet.dscp for packet in esp if _goes(packet, *outer)),
        back=tuple(packet.dscp for packet in esp if _goes(packet, *outer[::-1])),
        classes=tuple(
            packet.traffic_classes
            for packet in labelled
            if _goes(packet, *inner) or _goes(packet, *inner[::-1])
        ),
    )


def _goes(packet: Packet, source: str, destination: str) -> bool:
    """Whether it is on its way from one to the other, seen where it comes in."""
    ends = (packet.source, packet.destination)
    return ends == (source, destination) and packet.direction is not Direction.OUT
