"""Proof 4 of overlays: who transports one sees ciphertext only, in the core and inside the VRF."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from offnet.checks.claim import Claim, Verdict, verdict
from offnet.checks.overlay_sas import mesh_pair
from offnet.design.allocate import interface_name
from offnet.experiments.bench import Bench
from offnet.experiments.overlays import CONTROL_LENGTH, Sight, sights, watched
from offnet.experiments.state import Routes, Sas, routes, sas
from offnet.experiments.wire import ALLOWED
from offnet.network.model import Network, Node, Overlay, OverlayTunnel, Role, Site
from offnet.observe.packet import Direction, Kind, Packet

Sights = dict[str, Sight]
Looked = tuple[Routes, Sights]
Concerns = Callable[[Packet, Routes], bool]


def claims(network: Network) -> Iterator[Claim[Any]]:
    """Per place: what was seen, and that a clear packet would have been; per tunnel: its SPIs."""
    for overlay in network.overlays:
        for node in watched(network):
            place, concerns = _place(network, overlay, network.node(node))
            yield _ciphertext(place, node, overlay, concerns)
            yield _control(place, node, overlay, concerns)
        yield from (_spis(overlay, tunnel) for tunnel in overlay.tunnels)
        if overlay.in_provider:
            yield from (_plain(network, site) for site in _unprotected(network))


def _place(network: Network, overlay: Overlay, node: Node) -> tuple[str, Concerns]:
    """Which packets of a node concern an overlay: those of its VRF; elsewhere, those with its addresses."""
    if not overlay.in_provider:
        return node.name, lambda *_: True
    if node.role is Role.PE:
        local = {interface_name(name) for name in overlay.sites if network.site(name).pe == node.name}
        inside = local | {overlay.vpn}
        return f"{node.name}, VRF {overlay.vpn}", lambda packet, _: packet.interface in inside
    return node.name, lambda packet, state: _toward_vrf(packet, network, overlay, state)


def _toward_vrf(packet: Packet, network: Network, overlay: Overlay, state: Routes) -> bool:
    """Whether it leaves for a PE below the label that this PE gave the overlay's VRF.

    Addresses do not tell: other VPNs have the same. Labels do, each to the PE that gave it.
    """
    if packet.direction is not Direction.OUT or not packet.labels:
        return False
    rd = network.vpn(overlay.vpn).rd
    given = {
        (interface_name(pe.name), path.label)
        for pe in network.role(Role.PE)
        for path in state.vpn[pe.name]
        if path.rd == rd and path.local
    }
    return (packet.interface, packet.labels[-1]) in given


def _look_at_routes(bench: Bench) -> Looked:
    return bench.once(routes), bench.once(sights)


def _ciphertext(place: str, node: str, overlay: Overlay, concerns: Concerns) -> Claim[Looked]:
    return Claim(
        4,
        f"{place} sees ESP and IKE of {overlay.name}, nothing else",
        "no packet of another kind in the whole run",
        _look_at_routes,
        lambda looked: judge_ciphertext(looked[0], looked[1][node], concerns),
    )


def judge_ciphertext(state: Routes, seen: Sight, concerns: Concerns) -> Verdict:
    """Every packet of the overlay is of an allowed kind, and there was ESP."""
    own = [packet for packet in seen.before if concerns(packet, state)]
    kinds = Counter(str(packet.kind) for packet in own)
    mistakes = [str(packet) for packet in own if packet.kind not in ALLOWED][:5]
    if not kinds[Kind.ESP]:
        mistakes.append("no ESP at all: the capture saw nothing of the tunnels")
    return verdict(mistakes, ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())))


def _control(place: str, node: str, overlay: Overlay, concerns: Concerns) -> Claim[Looked]:
    def judge(looked: Looked) -> Verdict:
        state, seen = looked
        clear = [p for p in seen[node].control if concerns(p, state) and p.kind not in ALLOWED]
        right = [p for p in clear if p.kind is Kind.ICMP and p.length >= CONTROL_LENGTH]
        return Verdict(
            bool(right), f"{len(right)} clear packets" + (f", such as {right[0]}" if right else "")
        )

    return Claim(
        4,
        f"positive control: {place} sees a clear packet between routers of {overlay.name}",
        f"an ICMP packet of {CONTROL_LENGTH} bytes that the claim above would not have allowed",
        _look_at_routes,
        judge,
    )


def _look(bench: Bench) -> tuple[Sas, Sights]:
    return bench.once(sas), bench.once(sights)


def _spis(overlay: Overlay, tunnel: OverlayTunnel) -> Claim[tuple[Sas, Sights]]:
    def judge(looked: tuple[Sas, Sights]) -> Verdict:
        state, seen = looked
        pair = mesh_pair(tunnel, state)
        if pair is None:
            return Verdict(False, "no current SA pair that both ends know")
        one, other = str(tunnel.initiator_address), str(tunnel.responder_address)
        ways = {(one, other): pair.to_responder, (other, one): pair.to_initiator}
        esp = {(p.source, p.destination, p.spi) for sight in seen.values() for p in sight.before if p.spi}
        lacking = [
            f"SPI {spi:08x} not seen from {a} to {b}"
            for (a, b), spi in ways.items()
            if (a, b, spi) not in esp
        ]
        wrong = [
            f"SPI {spi:08x} from {a} to {b}"
            for a, b, spi in esp
            if spi in ways.values() and ways.get((a or "", b or "")) != spi
        ]
        return verdict(lacking + wrong, f"{pair.to_responder:08x} there, {pair.to_initiator:08x} back")

    return Claim(
        4,
        f"{overlay.name}: SPIs seen between {tunnel.initiator} and {tunnel.responder} are those of their SAs",
        f"ESP {tunnel.initiator_address} - {tunnel.responder_address} with the SPIs of both ends",
        _look,
        judge,
    )


def _unprotected(network: Network) -> list[Site]:
    """The sites that the same core transports in clear: what the provider of a plain VPN reads."""
    return [
        site
        for site in network.sites
        if site.overlay is None
        and site.tunnel is None
        and any(
            other.vpn == site.vpn and other.pe != site.pe and other.tunnel is None for other in network.sites
        )
    ]


def _plain(network: Network, site: Site) -> Claim[Sights]:
    point = network.capture_point

    def judge(seen: Sights) -> Verdict:
        marker = str(site.marker)
        clear = [p for p in seen[point].before if p.kind is Kind.ICMP and marker in (p.source, p.destination)]
        return Verdict(bool(clear), f"{len(clear)} packets" + (f", such as {clear[0]}" if clear else ""))

    return Claim(
        4,
        f"{point} reads the packets of {site.name}, which no overlay protects",
        f"ICMP packets of {site.marker} in clear, below labels",
        sights,
        judge,
    )
