"""Proof 4: the Internet, and circuits that tunnels run over, see ESP, IKE and ARP; they would see more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from offnet.checks.claim import Claim, Verdict, verdict
from offnet.checks.sa_pairs import sa_pair
from offnet.experiments.bench import Bench
from offnet.experiments.state import Sas, sas
from offnet.experiments.wire import ALLOWED, CONTROL_LENGTH, CONTROL_PROBES, Wire, across_internet, wire
from offnet.network.model import Network, Site, Tunnel
from offnet.observe.packet import Kind, Packet

NOTHING_ELSE = "no packet of another kind in the whole run"
CONTROL = f"an ICMP packet of {CONTROL_LENGTH} bytes that the first check would not have allowed"


def claims(network: Network) -> Iterator[Claim[Any]]:
    """What was seen, that a clear packet would have been, and whose SPIs they were."""
    if any(across_internet(network)):
        yield from _internet(network)
    for site, tunnel in network.tunnels():
        yield _spis(site, tunnel)
    for site, tunnel in network.tunnels():
        if tunnel.circuit is not None:
            yield from _circuit(site, tunnel)


def _internet(network: Network) -> Iterator[Claim[Any]]:
    """The capture of the Internet."""
    yield Claim(4, f"{network.capture_point} sees ESP, IKE and ARP only", NOTHING_ELSE, wire, judge_kinds)
    yield Claim(
        4,
        "positive control: the same capture shows a clear packet sent on purpose",
        CONTROL,
        wire,
        judge_control,
    )
    yield Claim(
        2,
        "clear packets from the Internet enter no VPN",
        f"{CONTROL_PROBES} packets sent to a host of each VPN through the aggregator, none arrives",
        wire,
        judge_entry,
    )


def _circuit(site: Site, tunnel: Tunnel) -> Iterator[Claim[Any]]:
    """The same for the circuit that a site's tunnel runs over."""
    circuit = f"circuit {tunnel.gateway} - {site.node}"
    yield Claim(
        4,
        f"{circuit}: ESP, IKE and ARP only",
        NOTHING_ELSE,
        wire,
        lambda seen: judge_kinds(seen.of(site)),
    )
    yield Claim(
        4,
        f"{circuit}: positive control, a clear packet sent on purpose is seen",
        CONTROL,
        wire,
        lambda seen: judge_control(seen.of(site)),
    )
    yield Claim(
        2,
        f"{circuit}: clear packets from it enter no VPN",
        f"{CONTROL_PROBES} packets sent to a host of {tunnel.vrf} from {tunnel.address}, none arrives",
        wire,
        lambda seen: judge_entry(seen.of(site)),
    )


def judge_kinds(seen: Wire) -> Verdict:
    """Every packet is of an allowed kind, and there were some."""
    kinds = Counter(str(packet.kind) for packet in seen.before)
    mistakes = [str(packet) for packet in seen.before if packet.kind not in ALLOWED][:5]
    if not kinds[Kind.ESP] or not kinds[Kind.IKE]:
        mistakes.append("no ESP or no IKE at all: the capture saw nothing of the tunnels")
    return verdict(mistakes, ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())))


def judge_control(seen: Wire) -> Verdict:
    """The clear packet is in the capture and is of a kind that is not allowed."""
    clear = [packet for packet in seen.control if packet.kind not in ALLOWED and _is_control(packet)]
    return Verdict(
        bool(clear), f"{len(clear)} clear packets seen" + (f", such as {clear[0]}" if clear else "")
    )


def judge_entry(seen: Wire) -> Verdict:
    """No clear packet of the Internet came to a host of a VPN."""
    mistakes = [f"{count} arrived at {site}" for site, count in seen.arrived.items() if count]
    return verdict(mistakes, f"0 arrived at {', '.join(seen.arrived)}")


def _is_control(packet: Packet) -> bool:
    return packet.kind is Kind.ICMP and packet.length >= CONTROL_LENGTH


def look(bench: Bench) -> tuple[Sas, Wire]:
    """The SAs as they were before the probes, and the wire."""
    return bench.once(sas), bench.once(wire)


def _spis(site: Site, tunnel: Tunnel) -> Claim[tuple[Sas, Wire]]:
    def judge(looked: tuple[Sas, Wire]) -> Verdict:
        state, seen = looked
        pair = sa_pair(state, site)
        if pair is None:
            return Verdict(False, f"no current SA of {site.name} at both ends")
        return judge_spis(tunnel, pair.to_gateway, pair.to_site, seen.of(site))

    return Claim(
        4,
        f"{site.name}: the SPIs on the wire are those of its SAs in VRF {tunnel.vrf}",
        f"ESP {tunnel.address} - {tunnel.gateway_address} with the SADB's SPIs of if_id {tunnel.if_id}",
        look,
        judge,
    )


def judge_spis(tunnel: Tunnel, to_gateway: int, to_site: int, seen: Wire) -> Verdict:
    """Both SPIs of the tunnel were seen, each in its direction and in no other.

    Toward a site that no route leads to there is nothing to see.
    """
    outer, inner = str(tunnel.address), str(tunnel.gateway_address)
    ways = {(outer, inner): to_gateway, (inner, outer): to_site}
    used = [way for way in ways if tunnel.rri != "off" or way == (outer, inner)]
    esp = [packet for packet in seen.before if packet.spi in ways.values()]
    mistakes = [
        f"SPI {ways[a, b]:08x} not seen from {a} to {b}"
        for a, b in used
        if not any((p.source, p.destination, p.spi) == (a, b, ways[a, b]) for p in esp)
    ]
    mistakes += [
        f"SPI {p.spi:08x} from {p.source} to {p.destination}"
        for p in esp
        if p.spi is not None and ways.get((p.source or "", p.destination or "")) != p.spi
    ][:3]
    return verdict(mistakes, f"{to_gateway:08x} in, {to_site:08x} out, {len(esp)} packets")
