"""Overlays: when they are up, and what the provider (or the Internet) sees of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from offnet.experiments.bench import Bench, gather
from offnet.experiments.presence import POLL, await_route
from offnet.experiments.probes import probe
from offnet.experiments.wire import wire_capture
from offnet.network.model import Network, Overlay, OverlayTunnel, Role
from offnet.observe.capture import Capture
from offnet.observe.packet import Packet
from offnet.observe.vici import Vici
from offnet.runtime.base import RunningLab
from offnet.wait import Deadline, until

CONTROL_LENGTH = 352
CONTROL_PROBES = 2


@dataclass(frozen=True, slots=True)
class Sight:
    """What a node saw of a run: ``before`` clear packets were sent on purpose, and from then on."""

    before: tuple[Packet, ...]
    control: tuple[Packet, ...]


def await_overlays(network: Network, lab: RunningLab, limit: Deadline) -> None:
    """Returns once every PE has every circuit, and every tunnel its SAs; DeadlineExpired tells which not."""
    for overlay in network.overlays:
        for pe in network.role(Role.PE) if overlay.in_provider else ():
            table = pe.default.vrf(overlay.vpn).table
            for subnet in overlay.circuits.values():
                await_route(lab, (pe.name, table), subnet, wanted=True, limit=limit)
        for tunnel in overlay.tunnels:
            _await_tunnel(lab, tunnel, limit)


def _await_tunnel(lab: RunningLab, tunnel: OverlayTunnel, limit: Deadline) -> None:
    with Vici(lab, tunnel.responder) as responder:
        until(
            lambda: any(sa.current_children for sa in responder.list_sas(tunnel.initiator)),
            what=f"an SA of {tunnel.initiator} at {tunnel.responder}",
            deadline=limit,
            interval=POLL,
        )


def watched(network: Network) -> tuple[str, ...]:
    """Where an overlay is looked at: at the capture point, and in the PEs that transport it."""
    inside = any(overlay.in_provider for overlay in network.overlays)
    pes = [pe.name for pe in network.role(Role.PE)] if inside else []
    return (network.capture_point, *(pe for pe in pes if pe != network.capture_point))


def captures(bench: Bench) -> dict[str, Capture]:
    """A capture at each of those nodes, listening from the first call on until the bench is closed."""
    found = {bench.network.capture_point: bench.once(wire_capture)}
    for node in watched(bench.network)[1:]:
        found[node] = Capture(bench.lab, node)
        bench.on_close(found[node].stop)
    return found


def sights(bench: Bench) -> dict[str, Sight]:
    """Everything captured so far; then members ping each other's routers, which no SA protects."""
    listening = bench.once(captures)
    before = gather(listening, lambda node: listening[node].fence())
    for overlay in bench.network.overlays:
        gather(_control_pairs(bench.network, overlay), partial(_send_clear, bench))
    after = gather(listening, lambda node: listening[node].fence())
    return {node: Sight(before[node], after[node][len(before[node]) :]) for node in listening}


def _control_pairs(network: Network, overlay: Overlay) -> tuple[OverlayTunnel, ...]:
    """A tunnel whose ends are at different PEs, so that clear packets cross the core as well."""
    apart = [t for t in overlay.tunnels if network.site(t.initiator).pe != network.site(t.responder).pe]
    return tuple((apart or list(overlay.tunnels))[:1])


def _send_clear(bench: Bench, tunnel: OverlayTunnel) -> None:
    node, target = bench.network.site(tunnel.initiator).node, tunnel.responder_address
    probe(
        bench.lab,
        node,
        tunnel.initiator_address,
        (target,),
        count=CONTROL_PROBES,
        length=CONTROL_LENGTH,
    )
