"""Tunnels between PEs: their SAs, one label inside, the wire, and the largest packet (proofs 1, 4, 5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from offnet.checks.claim import Claim, Verdict, verdict
from offnet.checks.proposals import esp_matches, ike_matches
from offnet.experiments.bench import Bench
from offnet.experiments.core_transit import Crossed, Transit, transits, transits_of, wanted_crossings
from offnet.experiments.core_tunnels import (
    PROBES,
    TWO_TUNNELS,
    Fit,
    Passage,
    fits,
    largest,
    passages,
    travellers,
)
from offnet.experiments.state import Sas, sas
from offnet.experiments.wire import wire_capture
from offnet.network.model import CoreEnd, CoreTunnel, IkeConnection, Network, Site
from offnet.observe.packet import Kind, Packet
from offnet.observe.vici_model import IkeSa


def claims(network: Network) -> Iterator[Claim[Any]]:
    """For each tunnel its SAs at both ends; then probes through it, and packets as large as fit."""
    for tunnel in network.core_tunnels:
        yield _sas(network, tunnel)
    for name, (tunnel, source, target) in travellers(network).items():
        yield _passage(name, source, target)
        yield _fit(name, tunnel, source, target)
    for name, transit in transits_of(network).items():
        yield _transit(name, transit)
        yield _transit_fit(name, transit)
    for tunnel in network.core_tunnels:
        yield _wire(tunnel)


def _sas(network: Network, tunnel: CoreTunnel) -> Claim[Sas]:
    connections = {end.node: network.node(end.node).connection(end.connection) for end in tunnel.ends}
    one = connections[tunnel.a.node]
    return Claim(
        5,
        f"{tunnel.name}: GRE between {tunnel.a.outer} and {tunnel.b.outer} in IPsec transport mode",
        f"IKEv{one.version}, {' or '.join(one.children[0].esp_proposals)}, bound to no VRF, at both ends",
        sas,
        lambda state: judge_sas(tunnel, connections, state),
    )


def judge_sas(tunnel: CoreTunnel, connections: dict[str, IkeConnection], state: Sas) -> Verdict:
    """Both ends have every child of the connection. Both may have begun: more than one SA is right."""
    mistakes, told = [], []
    for own, peer in (tunnel.ends, tunnel.ends[::-1]):
        connection = connections[own.node]
        found = [sa for sa in state.ike[own.node] if sa.name == own.connection and sa.current]
        mistakes += [f"{own.node}: {text}" for text in _mistakes(own, peer, connection, found)]
        children = [child for sa in found for child in sa.current_children]
        told.append(f"{own.node}: {', '.join(f'{child.spi_in:08x}' for child in children)} in")
    return verdict(mistakes, "; ".join(told))


def _mistakes(own: CoreEnd, peer: CoreEnd, connection: IkeConnection, found: list[IkeSa]) -> Iterator[str]:
    for sa in found:
        if (sa.version, sa.local_id, sa.remote_id) != (connection.version, str(own.outer), str(peer.outer)):
            yield f"IKEv{sa.version} {sa.local_id} - {sa.remote_id}"
        if not any(ike_matches(sa, proposal) for proposal in connection.proposals):
            yield "an IKE proposal that is not the intent's"
    children = [child for sa in found for child in sa.current_children]
    for wanted in connection.children:
        protocol = wanted.local_ts[0].removeprefix("dynamic")
        ends = ((f"{own.outer}/32{protocol}",), (f"{peer.outer}/32{protocol}",))
        right = [
            child
            for child in children
            if (child.local_ts, child.remote_ts) == ends
            and child.mode.upper() == wanted.mode.upper()
            and not child.if_id
            and any(esp_matches(child, proposal) for proposal in wanted.esp_proposals)
        ]
        if not right:
            texts = "; ".join(f"{c.mode} {c.local_ts} {c.remote_ts} if_id {c.if_id}" for c in children)
            yield f"no SA {wanted.name} as intended, but {texts or 'none'}"


def _passage(name: str, source: Site, target: Site) -> Claim[dict[str, Passage]]:
    return Claim(
        1,
        f"{name}: {PROBES} probes from {source.name} to {target.name} are {PROBES} packets in GRE each way",
        f"under one label; each counted once at both PEs, the SAs grew by {2 * PROBES} at least",
        passages,
        lambda seen: judge_passage(seen[name]),
    )


def judge_passage(seen: Passage) -> Verdict:
    """Each PE sent and received every probe once, and its SAs with the other one carried them."""
    mistakes = [f"{seen.replies} of {PROBES} replies"] if seen.replies != PROBES else []
    for what, counts in (("sent", seen.sent), ("received", seen.received)):
        mistakes += [f"{node} {what} {count}" for node, count in counts.items() if count != PROBES]
    mistakes += [
        f"the SAs at {node} grew by {count}" for node, count in seen.grown.items() if count < 2 * PROBES
    ]
    grown = ", ".join(f"{count} at {node}" for node, count in seen.grown.items())
    return verdict(mistakes, f"{PROBES} each way at both PEs; SAs grew by {grown}")


def _fit(name: str, tunnel: CoreTunnel, source: Site, target: Site) -> Claim[dict[str, Fit]]:
    size = largest(tunnel)
    return Claim(
        1,
        f"{name}: {size} bytes pass whole from {source.name} to {target.name}, one more is told so",
        f"with DF: {size} answered, {size + 1} refused with MTU {size}; without DF 1500 pass in fragments",
        fits,
        lambda seen: judge_fit(size, seen[name]),
    )


def _transit(name: str, transit: Transit) -> Claim[dict[str, Crossed]]:
    return Claim(
        1,
        f"{name}, without a tunnel: {PROBES} probes from {transit.source.name} to {transit.target.name} "
        f"take {transit.tunnels} tunnels",
        "under two labels as far as the last PE between them, which takes LDP's off; each counted by each PE",
        transits,
        lambda seen: judge_transit(transit, seen[name]),
    )


def judge_transit(transit: Transit, seen: Crossed) -> Verdict:
    """Both ends send under two labels and receive under one; what is between them swaps, or takes one off."""
    mistakes = [f"{seen.replies} of {PROBES} replies"] if seen.replies != PROBES else []
    if len(seen.stack) != TWO_TUNNELS:
        mistakes.append(f"{transit.source.pe} imposes labels {seen.stack}")
    for (where, way, labels), wanted in wanted_crossings(transit).items():
        count = seen.count(transit, where, way, labels)
        if count != wanted:
            mistakes.append(f"{where} {way} {count} with {labels} labels, not {wanted}")
    return verdict(
        mistakes, f"labels {seen.stack}, then {seen.stack[1:]}, by {' or '.join(seen.through(transit))}"
    )


def _transit_fit(name: str, transit: Transit) -> Claim[dict[str, Crossed]]:
    size = transit.largest
    return Claim(
        1,
        f"{name}, without a tunnel: {size} bytes pass whole from {transit.source.name} to "
        f"{transit.target.name}, one more is told so",
        f"with DF: {size} answered, {size + 1} refused with MTU {size}; without DF 1500 pass in fragments",
        transits,
        lambda seen: judge_fit(size, seen[name].fit),
    )


def judge_fit(size: int, seen: Fit) -> Verdict:
    """Nothing vanishes: what does not fit is told to its sender, or fragmented."""
    mistakes = [] if seen.largest_answered else [f"{size} bytes with DF not answered"]
    mistakes += [f"{size + 1} bytes with DF answered"] if seen.next_answered else []
    mistakes += [f"told MTU: {seen.told or 'none'}"] if seen.told != size else []
    mistakes += [] if seen.fragmented_answered else ["1500 bytes without DF not answered"]
    return verdict(mistakes, f"{size} answered, {size + 1}: MTU {seen.told}, 1500 in fragments answered")


def look(bench: Bench) -> tuple[Sas, tuple[Packet, ...]]:
    """The SAs, and what passed the capture point so far."""
    return bench.once(_sas_in_use), bench.once(wire_capture).fence()


def _sas_in_use(bench: Bench) -> Sas:
    """Those that have just carried probes: where both ends began, one SA of two is soon given up."""
    bench.once(passages)
    return sas(bench)


def _wire(tunnel: CoreTunnel) -> Claim[tuple[Sas, tuple[Packet, ...]]]:
    return Claim(
        4,
        f"{tunnel.name}: the SPIs on the wire between them are those of their SAs",
        f"ESP between {tunnel.a.outer} and {tunnel.b.outer}, under SPIs that the receiving charon knows",
        look,
        lambda looked: judge_wire(tunnel, *looked),
    )


def judge_wire(tunnel: CoreTunnel, state: Sas, packets: tuple[Packet, ...]) -> Verdict:
    """ESP was seen in both directions, some of it under a SPI of the PE that it was for."""
    mistakes, told = [], []
    for own, peer in (tunnel.ends, tunnel.ends[::-1]):
        sent = [p for p in packets if (p.source, p.destination) == (str(peer.outer), str(own.outer))]
        sas_there = [sa for sa in state.ike[own.node] if sa.name == own.connection]
        known = {child.spi_in for sa in sas_there for child in sa.children}
        spis = {packet.spi for packet in sent if packet.kind is Kind.ESP}
        if not spis & known:
            mistakes.append(f"to {own.node}: {len(sent)} packets, none under its SPIs")
        told.append(f"{len(sent)} to {own.node}")
    return verdict(mistakes, ", ".join(told))
