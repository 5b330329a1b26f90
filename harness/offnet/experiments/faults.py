"""Faults: a daemon is killed, a peer falls silent, a link is cut; and the lab is watched while it returns.

Nobody helps: after the fault (and its end, where a link was cut) nothing is touched until traffic flows
again and every route is back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from offnet.errors import DeadlineExpired
from offnet.experiments.bench import Bench
from offnet.experiments.convergence import converge
from offnet.experiments.presence import POLL, seen_presence
from offnet.experiments.readdressing import give_address
from offnet.experiments.registrations import registered
from offnet.experiments.sending import INTERVAL_MS, Sending
from offnet.experiments.subjects import Subject, subjects
from offnet.network.model import Endpoint, Network, Role
from offnet.observe.vici_model import sas_of
from offnet.render.frr import daemons
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

ROUTING = {"bgpd", "ospfd"}
"""What may die of a PE's routing."""

AGENT, CHARON = "[p]ython3 -m agent", "[c]haron-systemd"
"""Command lines, as patterns that do not match themselves; what looks at nodes runs in Python as well."""

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
    """The site that suffers: the last off-net one whose route lives with its SA, else one of an overlay."""
    chosen = subjects(network)
    able = [subject for subject in reversed(chosen) if subject.tunnel.rri == "dynamic"]
    return next(iter([*able, *(subject for subject in chosen if subject.site.overlay)]), None)


def faults(network: Network, subject: Subject) -> Iterator[Fault]:
    """Every fault that this network can have, the mildest first."""
    gateway, site, dead = subject.tunnel.gateway, subject.site.node, patience(subject)
    router = subject.site.pe  # the gateway itself, but for an overlay, which passes through it
    yield Fault("IKE_SA rekeyed", lambda bench: _rekey(bench, subject), lossless=True)
    if network.node(gateway).reverse_routes:
        yield _killed("agent", AGENT, gateway, SLACK)
    for daemon in sorted(ROUTING & set(daemons(network.node(router)))):
        yield _killed(daemon, daemon, router, SLACK)
    yield _killed("charon", "charon-systemd", site, SLACK)
    yield _killed("charon", "charon-systemd", gateway, dead + SLACK)
    yield from _cuts(network, subject)
    yield from _of_cloud(network, subject)


def _of_cloud(network: Network, subject: Subject) -> Iterator[Fault]:
    """What may happen to a spoke of a DMVPN and to its next hop server."""
    gateway, site = subject.tunnel.gateway, subject.site.node
    if subject.tunnel.gre is None or subject.tunnel.gre.cloud is None:
        return
    # The server's own registrations are gone: a spoke renews its one after a third of its time.
    renewal = network.cloud(subject.tunnel.gre.cloud).nhrp.holdtime / 3
    yield _killed("nhrpd", "nhrpd", site, SLACK)
    yield _killed("nhrpd", "nhrpd", gateway, renewal + SLACK)
    yield _moved(network, subject, patience(subject) + SLACK)


def _cuts(network: Network, subject: Subject) -> Iterator[Fault]:
    """Links of the router in the core, or to the other PEs by the Internet; and the access of the site.

    An overlay has no route in the core: it learns of a cut there as of a dead peer.
    """
    router, site, dead = subject.site.pe, subject.site.node, patience(subject)
    on_circuit = subject.tunnel.circuit or subject.site.overlay
    for far in _far_ends(network, router):
        if network.node(far.node).default.ospf and network.node(router).default.ospf:
            name = f"core link between {router} and {far.node}"
            yield replace(_cut(name, far, SLACK if subject.tables else dead), core=True)
        elif network.core_tunnels and network.node(far.node).role in OUTSIDE:
            yield _cut(f"Internet access of {router}", far, dead)  # the other PEs give it up as well
    for far in _far_ends(network, site):
        if network.node(far.node).role in OUTSIDE:
            yield _cut(f"Internet access of {site}", far, dead)
        elif on_circuit and far.node == router:
            yield _cut(f"circuit of {site}", far, dead)


def _far_ends(network: Network, node: str) -> Iterator[Endpoint]:
    """The other ends of a node's links."""
    for link in network.links:
        if node in (link.a.node, link.b.node):
            yield link.a if link.b.node == node else link.b


def endure(bench: Bench, subject: Subject, fault: Fault) -> Endured:
    """Lets it happen while the site sends, and watches until everything is back or its time is over."""
    gone: dict[str, float] = {}
    complaint = ""
    with Sending(bench.lab, subject.site, subject.partner) as probes:
        probes.await_flow(Deadline(SLACK))
        fault.act(bench)
        try:
            if fault.detect is not None:
                gone = _seen_end(bench, fault, subject, fault.detect)
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


def _seen_end(bench: Bench, fault: Fault, subject: Subject, seconds: float) -> dict[str, float]:
    """After how many seconds the site's route was gone, by PE; where it has none, its SA at the other end."""
    if subject.tables:
        return seen_presence(
            bench.lab, _learners(fault, subject), subject.site.lan, wanted=False, seconds=seconds
        )
    tunnel, start = subject.tunnel, time.monotonic()
    gateway = bench.vici(tunnel.gateway)
    with suppress(DeadlineExpired):
        until(
            lambda: not any(sa.current for sa in sas_of(tunnel, gateway.list_sas(tunnel.gateway_connection))),
            what=f"{tunnel.gateway} has no SA of {subject.site.name}",
            deadline=seconds,
            interval=SETTLING,
        )
        return {tunnel.gateway: time.monotonic() - start}
    return {}


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


def _moved(network: Network, subject: Subject, seconds: float) -> Fault:
    """A spoke has the next address of its access network until it is registered with it."""
    site, tunnel = subject.site, subject.tunnel

    def act(bench: Bench) -> None:
        give_address(bench.lab, network, site, tunnel.address + 1)
        assert tunnel.gre is not None  # noqa: S101 - it is a spoke
        cloud = tunnel.gre.cloud or ""
        until(
            lambda: tunnel.address + 1 in {entry.nbma for entry in registered(bench, cloud)},
            what=f"{site.name} is registered with another address",
            deadline=seconds,
            interval=POLL,
        )

    def back(bench: Bench) -> None:
        give_address(bench.lab, network, site, tunnel.address)

    return Fault(f"{site.name} with another address, and back", act, seconds, mend=back)


def _pid(bench: Bench, node: str, process: str) -> str:
    find = ["pgrep", "-f"] if process == AGENT else ["pidof"]
    return bench.lab.run(node, [*find, process], check=False).stdout.strip()


def _cut(what: str, end: Endpoint, detect: float) -> Fault:
    def turn(state: str) -> Act:
        def act(bench: Bench) -> None:
            bench.lab.run(end.node, ["ip", "link", "set", end.interface, state])

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
