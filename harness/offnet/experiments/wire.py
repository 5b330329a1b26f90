"""Captures over the whole run, in the Internet and on circuits that tunnels run over.

At the end of each a clear packet is sent on purpose, which must show.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface
from typing import NamedTuple

from offnet.experiments.bench import Bench, gather
from offnet.experiments.probes import SILENCE_MS, arrivals, count_arrivals, probe
from offnet.experiments.subjects import partners
from offnet.network.model import Network, Site, Tunnel
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


@dataclass(frozen=True, slots=True)
class Wire:
    """What passed the capture point before the control, what passed after, and where the control arrived.

    ``circuits`` holds the same of every circuit that a tunnel runs over, by its site.
    """

    before: tuple[Packet, ...]
    control: tuple[Packet, ...]
    arrived: dict[str, int]
    circuits: dict[str, Wire] = field(default_factory=dict)

    def of(self, site: Site) -> Wire:
        """What passed between a site and its aggregator."""
        return self.circuits.get(site.name, self)


def across_internet(network: Network) -> Iterator[Tunnel]:
    """The tunnels of sites that have no circuit for it."""
    return (tunnel for _, tunnel in network.tunnels() if tunnel.circuit is None)


def wire_capture(bench: Bench) -> Capture:
    """The capture in the Internet, listening from the first call on until the bench is closed."""
    bench.once(circuit_captures)
    return _capture(bench, bench.network.capture_point)


def circuit_captures(bench: Bench) -> dict[str, Capture]:
    """Those at aggregators that sites have circuits to: what is decrypted is on another interface there."""
    gateways = dict.fromkeys(tunnel.gateway for _, tunnel in bench.network.tunnels() if tunnel.circuit)
    return {gateway: _capture(bench, gateway) for gateway in gateways}


def _capture(bench: Bench, node: str) -> Capture:
    capture = Capture(bench.lab, node)
    bench.on_close(capture.stop)
    return capture


def passed(bench: Bench, tunnel: Tunnel) -> tuple[Packet, ...]:
    """All that passed so far between a site and its aggregator: in the Internet, or on the site's circuit."""
    capture = bench.once(wire_capture)
    if tunnel.circuit is None:
        return capture.fence()
    packets = bench.once(circuit_captures)[tunnel.gateway].fence()
    return tuple(packet for packet in packets if packet.interface == tunnel.circuit)


def wire(bench: Bench) -> Wire:
    """Everything captured so far; then clear packets from the Internet to a host of every VPN."""
    capture = bench.once(wire_capture)
    before = capture.fence()
    vpns = bench.network.vpns if any(across_internet(bench.network)) else ()
    targets = [bench.network.sites_of(vpn.name)[0] for vpn in vpns]
    names = [site.name for site in targets]
    gather(names, lambda name: count_arrivals(bench.lab, bench.network.site(name).node, [CONTROL_LENGTH]))
    for way in dict.fromkeys(_clear_way(bench.network, target) for target in targets):
        _send_clear(bench, way)
    arrived = gather(
        names, lambda name: arrivals(bench.lab, bench.network.site(name).node).get(CONTROL_LENGTH, 0)
    )
    control = capture.fence()[len(before) :]
    circuits = {
        site.name: _circuit(bench, site, tunnel) for site, tunnel in bench.network.tunnels() if tunnel.circuit
    }
    return Wire(before, control, arrived, circuits)


def _circuit(bench: Bench, site: Site, tunnel: Tunnel) -> Wire:
    """Clear packets from a site's outer address to a host of its VPN: its policy is for its LAN only."""
    target = partners(bench.network, site)[0]
    before = passed(bench, tunnel)
    count_arrivals(bench.lab, target.node, [CONTROL_LENGTH])
    probe(
        bench.lab,
        site.node,
        tunnel.address,
        (target.host,),
        count=CONTROL_PROBES,
        length=CONTROL_LENGTH,
        wait_ms=SILENCE_MS,
    )
    arrived = arrivals(bench.lab, target.node).get(CONTROL_LENGTH, 0)
    return Wire(before, passed(bench, tunnel)[len(before) :], {target.name: arrived})


def _doors(network: Network, tunnel: Tunnel) -> list[IPv4Interface]:
    """The front door of a tunnel, at best the one whose address it ends on: others lead to a loopback."""
    doors = [one for one in network.node(tunnel.gateway).default.interfaces if one.front_door]
    own = [address for one in doors for address in one.addresses]
    return sorted(own, key=lambda address: address.ip != tunnel.gateway_address)


class _ClearWay(NamedTuple):
    """To a host of a VPN by an aggregator's front door; VPNs may have the same hosts and the same door."""

    source: IPv4Address
    host: IPv4Address
    door: IPv4Address
    vrf: str | None


def _clear_way(network: Network, target: Site) -> _ClearWay:
    tunnels = list(across_internet(network))
    tunnel = next((tunnel for tunnel in tunnels if tunnel.vrf == target.vpn), tunnels[0])
    return next(
        _ClearWay(address.ip, target.host, own.ip, interface.vrf)
        for own in _doors(network, tunnel)
        for interface in network.node(network.capture_point).default.interfaces
        for address in interface.addresses
        if own in address.network
    )


def _send_clear(bench: Bench, way: _ClearWay) -> None:
    """Routes a VPN's address to the aggregator for a moment, as an attacker on its link could."""
    lab, inet = bench.lab, bench.network.capture_point
    vrf = ["vrf", way.vrf] if way.vrf else []
    route = [f"{way.host}/32", "via", str(way.door), *vrf]
    lab.run(inet, ["ip", "route", "replace", *route])
    try:
        probe(
            lab,
            inet,
            way.source,
            (way.host,),
            count=CONTROL_PROBES,
            length=CONTROL_LENGTH,
            wait_ms=SILENCE_MS,
            device=way.vrf,
        )
    finally:
        lab.run(inet, ["ip", "route", "del", *route])
