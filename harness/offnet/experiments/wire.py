"""The capture in the Internet, over the whole run; and a clear packet sent on purpose, which must show."""

from __future__ import annotations

from dataclasses import dataclass

from offnet.experiments.bench import Bench, gather
from offnet.experiments.probes import arrivals, count_arrivals, probe
from offnet.network.model import Site
from offnet.observe.capture import Capture
from offnet.observe.packet import Kind, Packet

# What the Internet may see of a lab.
ALLOWED = frozenset(
    {
        Kind.ESP,
        Kind.ESP_IN_UDP,
        Kind.IKE,
        Kind.NAT_KEEPALIVE,
        Kind.TUNNEL_UNREACHABLE,
        Kind.ARP,
        Kind.ND,
        Kind.MLD,
    }
)
CONTROL_LENGTH = 350
CONTROL_PROBES = 2
WAIT_MS = 50


@dataclass(frozen=True, slots=True)
class Wire:
    """What passed the capture point before the control, what passed after, and where the control arrived."""

    before: tuple[Packet, ...]
    control: tuple[Packet, ...]
    arrived: dict[str, int]


def wire_capture(bench: Bench) -> Capture:
    """The capture, listening from the first call on until the bench is closed."""
    capture = Capture(bench.lab, bench.network.capture_point)
    bench.on_close(capture.stop)
    return capture


def wire(bench: Bench) -> Wire:
    """Everything captured so far; then clear packets from the Internet to a host of every VPN."""
    capture = bench.once(wire_capture)
    before = capture.fence()
    targets = [bench.network.sites_of(vpn.name)[0] for vpn in bench.network.vpns]
    names = [site.name for site in targets]
    gather(names, lambda name: count_arrivals(bench.lab, bench.network.site(name).node, [CONTROL_LENGTH]))
    for target in targets:
        _send_clear(bench, target)
    arrived = gather(
        names, lambda name: arrivals(bench.lab, bench.network.site(name).node).get(CONTROL_LENGTH, 0)
    )
    return Wire(before, capture.fence()[len(before) :], arrived)


def _send_clear(bench: Bench, target: Site) -> None:
    """Routes a VPN's address to the aggregator for a moment, as an attacker on its link could."""
    network, lab, inet = bench.network, bench.lab, bench.network.capture_point
    tunnels = [tunnel for _, tunnel in network.tunnels()]
    tunnel = next((tunnel for tunnel in tunnels if tunnel.vrf == target.vpn), tunnels[0])
    interface, source = next(
        (interface, address.ip)
        for interface in network.node(inet).default.interfaces
        for address in interface.addresses
        if tunnel.gateway_address in address.network
    )
    vrf = ["vrf", interface.vrf] if interface.vrf else []
    route = [f"{target.host}/32", "via", str(tunnel.gateway_address), *vrf]
    lab.run(inet, ["ip", "route", "replace", *route])
    try:
        probe(
            lab,
            inet,
            source,
            (target.host,),
            count=CONTROL_PROBES,
            length=CONTROL_LENGTH,
            wait_ms=WAIT_MS,
            device=interface.vrf,
        )
    finally:
        lab.run(inet, ["ip", "route", "del", *route])
