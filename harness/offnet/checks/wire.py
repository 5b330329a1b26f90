"""Proof 4: the Internet sees ESP, IKE and ARP; and would have seen anything else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from offnet.checks.claim import Claim, Verdict, verdict
from offnet.checks.sa_pairs import sa_pair
from offnet.experiments.bench import Bench
from offnet.experiments.state import Sas, sas
from offnet.experiments.wire import ALLOWED, CONTROL_LENGTH, CONTROL_PROBES, Wire, wire
from offnet.network.model import Network, Site, Tunnel
from offnet.observe.packet import Kind, Packet


def claims(network: Network) -> Iterator[Claim[Any]]:
    """What was seen, that a clear packet would have been, and whose SPIs they were."""
    if not any(network.tunnels()):
        return  # nothing of the lab is the Internet's to see
    yield Claim(
        4,
        f"{network.capture_point} sees ESP, IKE and ARP only",
        "no packet of another kind in the whole run",
        wire,
        judge_kinds,
    )
    yield Claim(
        4,
        "positive control: the same capture shows a clear packet sent on purpose",
        f"an ICMP packet of {CONTROL_LENGTH} bytes that the first check would not have allowed",
        wire,
        judge_control,
    )
    for site, tunnel in network.tunnels():
        yield _spis(site, tunnel)
    yield Claim(
        2,
        "clear packets from the Internet enter no VPN",
        f"{CONTROL_PROBES} packets sent to a host of each VPN through the aggregator, none arrives",
        wire,
        judge_entry,
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
        return judge_spis(tunnel, pair.to_gateway, pair.to_site, seen)

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
