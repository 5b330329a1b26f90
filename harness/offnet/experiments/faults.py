"""Faults: a daemon is killed, a peer falls silent, a link is cut; and the lab is watched while it returns.

Nobody helps: after the fault (and its end, where a link was cut) nothing is touched until traffic flows
again and every route is back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from offnet.errors import DeadlineExpired
from offnet.experiments.bench import Bench
from offnet.experiments.convergence import converge
from offnet.experiments.presence import POLL, seen_presence
from offnet.experiments.sending import INTERVAL_MS, Sending
from offnet.experiments.subjects import Subject, subjects
from offnet.network.model import Link, Network, Role
from offnet.observe.vici_model import sas_of
from offnet.wait import Deadline, until

SLACK = 15.0
"""Seconds for what follows once a dead peer is known: a negotiation, and routing."""

SETTLING = 0.5
"""Seconds between two looks at what takes its time."""

OUTSIDE = (Role.INTERNET, Role.NAT)
"""Who a site's access link leads to."""

IKEV2_PROBES = 6
"""One request and five retransmissions, a DPD delay apart, until IKEv2 gives a peer up."""

WHOLE_SECONDS = 1
"""charon counts a peer's silence in whole seconds."""

Act = Callable[[Bench], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that happens to a node. ``mend`` ends it, where it does not end by itself.

    ``detect`` bounds the seconds until the site's route is gone from every PE that learns of it; None
    where it need not go. ``seconds`` bounds the return. ``lossless`` faults may cost no packet. With
    ``core`` the SA stays, and with it the route at the SA's own PE.
    """

    name: str
    act: Act
    seconds: float = SLACK
    mend: Act | None = None
    detect: float | None = None
    lossless: bool = False
    core: bool = False


@dataclass(frozen=True, slots=True)
class Endured:
    """What a fault cost: probes lost, and seconds until the site's route went and was back, by PE."""

    sent: int
    lost: int
    gone: dict[str, float]
    back: dict[str, float]
    complaint: str

    @property
    def outage(self) -> float:
        """How long no probe came through, in seconds."""
        return self.lost * INTERVAL_MS / 1000


def patience(subject: Subject) -> float:
    """Seconds until one end knows that the other is dead (RFC 3706; RFC 7296 section 2.4)."""
    own = subject.connection
    silent = own.dpd_timeout if own.version == 1 else own.dpd_delay * IKEV2_PROBES
    return own.dpd_delay + silent + WHOLE_SECONDS


def victim(network: Network) -> Subject | None:
    """The site that suffers: the last off-net site whose VPN has a route to it by its SA."""
    able = (subject for subject in reversed(subjects(network)) if subject.tunnel.rri == "dynamic")
    return next(able, None)


def faults(network: Network, subject: Subject) -> Iterator[Fault]:
    """Every fault that this network can have, the mildest first."""
    gateway, site, dead = subject.tunnel.gateway, subject.site.node, patience(subject)
    yield Fault("IKE_SA rekeyed", lambda bench: _rekey(bench, subject), lossless=True)
    if network.node(gateway).reverse_routes:
        yield _killed("agent", "python3", gateway, SLACK)
    if len(network.role(Role.PE)) > 1:
        yield _killed("bgpd", "bgpd", gateway, SLACK)
    yield _killed("charon", "charon-systemd", site, SLACK)
    yield _killed("charon", "charon-systemd", gateway, dead + SLACK)
    for link in network.links:
        if _between(network, link, gateway):
            other = link.a if link.b.node == gateway else link.b
            name = f"core link between {gateway} and {other.node}"
            yield replace(_cut(name, other.node, other.interface, SLACK), core=True)
        far = link.a if link.b.node == site else link.b
        if site in (link.a.node, link.b.node) and _outside(network, subject, far.node):
            access = "circuit" if subject.tunnel.circuit else "Internet access"
            yield _cut(f"{access} of {site}", far.node, far.interface, dead)


def _outside(network: Network, subject: Subject, node: str) -> bool:
    """Whether a node is where a site's tunnel goes out: its circuit's PE, the Internet, or a NAT router."""
    if subject.tunnel.circuit:
        return node == subject.tunnel.gateway
    return network.node(node).role in OUTSIDE


def endure(bench: Bench, subject: Subject, fault: Fault) -> Endured:
    """Lets it happen while the site sends, and watches until everything is back or its time is over."""
    gone: dict[str, float] = {}
    complaint = ""
    with Sending(bench.lab, subject.site, subject.partner) as probes:
        probes.await_flow(Deadline(SLACK))
        fault.act(bench)
        try:
            if fault.detect is not None:
                gone = seen_presence(
                    bench.lab, _learners(fault, subject), subject.site.lan, wanted=False, seconds=fault.detect
                )
        finally:
            if fault.mend is not None:
                fault.mend(bench)
        limit = Deadline(fault.seconds)
        try:
            probes.await_flow(limit)
            converge(bench.network, bench.lab, limit.left())
        except DeadlineExpired as error:
            complaint = str(error)
        back = seen_presence(
            bench.lab, subject.tables, subject.site.lan, wanted=True, seconds=max(limit.left(), 1)
        )
        outcomes = probes.outcomes()
    return Endured(len(outcomes), sum(not ok for ok in outcomes.values()), gone, back, complaint)


def _learners(fault: Fault, subject: Subject) -> tuple[tuple[str, int], ...]:
    """Where the route must go: everywhere with the SA; with the core, at all PEs but the SA's own."""
    return subject.tables[1:] if fault.core else subject.tables


def _between(network: Network, link: Link, router: str) -> bool:
    ends = (link.a.node, link.b.node)
    return router in ends and all(network.node(node).default.ospf for node in ends)


def _killed(what: str, process: str, node: str, seconds: float) -> Fault:
    def act(bench: Bench) -> None:
        old = _pid(bench, node, process)
        bench.lab.run(node, ["kill", "-KILL", *old.split()])
        until(
            lambda: _pid(bench, node, process) not in ("", old),
            what=f"{what} of {node} runs again",
            deadline=SLACK,
            interval=POLL,
        )
        bench.forget_vici(node)

    return Fault(f"{what} of {node} killed", act, seconds)


def _pid(bench: Bench, node: str, process: str) -> str:
    return bench.lab.run(node, ["pidof", process], check=False).stdout.strip()


def _cut(what: str, node: str, interface: str, detect: float) -> Fault:
    def turn(state: str) -> Act:
        def act(bench: Bench) -> None:
            bench.lab.run(node, ["ip", "link", "set", interface, state])

        return act

    return Fault(f"{what} cut", turn("down"), detect + SLACK, mend=turn("up"), detect=detect)


def _rekey(bench: Bench, subject: Subject) -> None:
    """Rekeys the IKE_SA from the site's end: with IKEv1 only one end may (the other is told not to)."""
    spoke, gateway = bench.vici(subject.site.node), bench.vici(subject.tunnel.gateway)

    def sas() -> set[int]:
        return {sa.unique_id for sa in sas_of(subject.tunnel, gateway.list_sas()) if sa.current}

    before = sas()
    with suppress(DeadlineExpired):
        spoke.rekey(ike=subject.tunnel.site_connection)
    until(lambda: sas() - before, what="a new IKE_SA", deadline=SLACK, interval=POLL)
    # IKEv1 keeps the old one for a while
    until(lambda: not sas() & before, what="the end of the old IKE_SA", deadline=SLACK, interval=SETTLING)
