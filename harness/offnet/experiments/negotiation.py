"""One tunnel taken down and set up again while everybody watches: the wire, charon's log, the agent's log."""

from __future__ import annotations

from dataclasses import dataclass

from offnet.experiments.bench import Bench
from offnet.experiments.logs import mark, since
from offnet.experiments.presence import await_presence
from offnet.experiments.subjects import Subject, subject_of
from offnet.experiments.wire import wire_capture
from offnet.network.model import Site
from offnet.observe.ike import IkeMessage
from offnet.observe.packet import Direction, Kind, Packet
from offnet.observe.vici import Vici
from offnet.observe.vici_model import ChildSaState, IkeSa, sas_of
from offnet.wait import until

AGENT_LOG = "/var/log/offnet/agent.out"
DEADLINE = 10.0


@dataclass(frozen=True, slots=True)
class Step:
    """One IKE message on the wire: who sent it to whom, and what it says."""

    source: str
    destination: str
    message: IkeMessage


@dataclass(frozen=True, slots=True)
class Negotiation:
    """A tunnel set up: its messages in order, the aggregator's SAs before and after, and both logs."""

    site: Site
    steps: tuple[Step, ...]
    before: ChildSaState
    ike: IkeSa
    child: ChildSaState
    charon: tuple[str, ...]
    agent: tuple[str, ...]


def negotiation(bench: Bench) -> Negotiation:
    """The first tunnel of the lab: down, gone from everywhere, up again."""
    site, _ = next(bench.network.tunnels())
    subject = subject_of(bench.network, site)
    capture = bench.once(wire_capture)
    start, agent_start = mark(bench.lab, site.pe), mark(bench.lab, site.pe, AGENT_LOG)
    spoke, gateway = bench.vici(site.node), bench.vici(site.pe, site.node)
    _, before = _current(gateway, subject)
    spoke.terminate(ike=subject.tunnel.site_connection)
    _await_end(bench, gateway, subject)
    seen = len(capture.fence())
    spoke.initiate(subject.connection.children[0].name, subject.tunnel.site_connection, timeout=DEADLINE)
    await_presence(bench.lab, subject.tables, site.lan, wanted=True, seconds=DEADLINE)
    ike, child = _current(gateway, subject)
    return Negotiation(
        site,
        _steps(capture.fence()[seen:], ike),
        before,
        ike,
        child,
        tuple(since(bench.lab, site.pe, start).splitlines()),
        tuple(since(bench.lab, site.pe, agent_start, AGENT_LOG).splitlines()),
    )


def _await_end(bench: Bench, gateway: Vici, subject: Subject) -> None:
    """The SA is gone at the aggregator, and its route everywhere if it lives with the SA."""
    if subject.tunnel.rri == "dynamic":
        await_presence(bench.lab, subject.tables, subject.site.lan, wanted=False, seconds=DEADLINE)
    until(
        lambda: _found(gateway, subject) is None,
        what=f"the SA of {subject.site.name} is gone at {gateway.node}",
        deadline=DEADLINE,
    )


def _found(gateway: Vici, subject: Subject) -> tuple[IkeSa, ChildSaState] | None:
    sas = sas_of(subject.tunnel, gateway.list_sas(subject.tunnel.gateway_connection))
    return next(((sa, child) for sa in sas for child in sa.current_children), None)


def _current(gateway: Vici, subject: Subject) -> tuple[IkeSa, ChildSaState]:
    return until(lambda: _found(gateway, subject), what=f"an SA of {subject.site.name}", deadline=DEADLINE)


def _steps(packets: tuple[Packet, ...], ike: IkeSa) -> tuple[Step, ...]:
    """Messages of this IKE_SA (by its first cookie), as they came to the capture point."""
    return tuple(
        Step(packet.source or "", packet.destination or "", packet.ike)
        for packet in packets
        if packet.kind is Kind.IKE and packet.direction is Direction.IN and packet.ike is not None
        if packet.ike.initiator_spi == ike.initiator_spi
    )
