"""A peer that proposes what is not its own; and a rekeying under traffic, after which the old SA ends."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

from offnet.errors import DeadlineExpired
from offnet.experiments.alone import alone
from offnet.experiments.asking import ask_for_sa
from offnet.experiments.bench import Bench, gather
from offnet.experiments.presence import GLANCE, present, seen_presence
from offnet.experiments.probes import probe
from offnet.experiments.sending import STEADY, Sending
from offnet.experiments.subjects import Subject, subjects
from offnet.experiments.wire import wire_capture
from offnet.network.model import ChildSa
from offnet.observe.errors import CommandRefused
from offnet.observe.vici import Vici
from offnet.observe.vici_model import ChildSaState, sas_of
from offnet.wait import Deadline, until

GREEDY = "offnet-greedy"
PROBES = 3
LENGTH = 84
ANYTHING = "0.0.0.0/0"
DEADLINE = 10.0
JUDGEMENT = 3.0
WAIT_MS = 100  # it is asked again where one is late
INTERVAL_MS = 5  # several probes leave while an SA is being replaced


@dataclass(frozen=True, slots=True)
class Greed:
    """What the aggregator gave a peer that asked for too much: protected prefixes by what it proposed."""

    proposed: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Rekeying:
    """A rekeying under traffic: SPIs, probes lost meanwhile, PEs that keep the route, answers afterwards."""

    sent: int
    lost: int
    answered: int
    before: int
    after: int
    routed: tuple[str, ...]


def greed(bench: Bench) -> dict[str, Greed]:
    """Each subject proposes another site's LAN, then everything, inside its own authenticated IKE_SA."""
    bench.once(wire_capture)
    by_name = {subject.site.name: subject for subject in subjects(bench.network)}
    return gather(by_name, lambda name: _alone_greed(bench, by_name[name]))


def _alone_greed(bench: Bench, subject: Subject) -> Greed:
    with alone(bench, subject):
        return _greed(bench, subject)


def _greed(bench: Bench, subject: Subject) -> Greed:
    own = subject.connection
    wishes = {f"{GREEDY}-{number}": prefix for number, prefix in enumerate(proposals(subject))}
    # A connection of its own name, else charon would take down what the real one has started; as its
    # peers and authentication are the same, charon negotiates inside the IKE_SA that is there.
    children = tuple(_child(own.children[0], name, prefix) for name, prefix in wishes.items())
    greedy = replace(own, name=GREEDY, children=children)
    given = {}
    spoke, gateway = bench.vici(subject.site.node), bench.vici(subject.tunnel.gateway, subject.site.node)
    before = _await_child(gateway, subject)
    spoke.load_conn(greedy)
    try:
        for name, prefix in wishes.items():
            with suppress(CommandRefused, DeadlineExpired):
                spoke.initiate(name, greedy.name, timeout=1)
                _await_arrival(spoke, gateway, subject, name)
            _await_judgement(gateway, subject)
            protected = [child.remote_ts for child in _children(gateway, subject)]
            given[prefix] = tuple(ts for group in protected for ts in group)
    finally:
        for name in wishes:
            with suppress(CommandRefused):
                spoke.terminate(child=name, timeout=2)
        # Behind NAT charon negotiates in an IKE_SA of its own, which takes the place of the real one.
        apart = bool(spoke.list_sas(greedy.name))
        spoke.unload_conn(greedy.name)
        # IKEv1 takes what was narrowed to the site's own LAN for a rekeying: its SA has been replaced.
        if apart or before.unique_id not in {child.unique_id for child in _children(gateway, subject)}:
            _set_up_anew(spoke, gateway, subject)
            seen_presence(bench.lab, subject.tables, subject.site.lan, wanted=True, seconds=DEADLINE)
    return Greed(given)


def proposals(subject: Subject) -> tuple[str, ...]:
    """What a subject proposes: the LAN of its partner, and everything."""
    return str(subject.partner.lan), ANYTHING


def _child(own: ChildSa, name: str, prefix: str) -> ChildSa:
    return replace(
        own,
        name=name,
        mode="tunnel",
        local_ts=(prefix,),
        remote_ts=(ANYTHING,),
        start_action="none",
        close_action="none",
    )


def _children(gateway: Vici, subject: Subject) -> list[ChildSaState]:
    sas = sas_of(subject.tunnel, gateway.list_sas(subject.tunnel.gateway_connection))
    return [child for sa in sas for child in sa.current_children]


def _await_child(gateway: Vici, subject: Subject) -> ChildSaState:
    """With IKEv1 the site has its SA one message before the aggregator has it."""
    return until(
        lambda: next(iter(_children(gateway, subject)), None),
        what=f"{subject.tunnel.gateway} has an SA of {subject.site.name}",
        deadline=DEADLINE,
        interval=GLANCE,
    )


def _await_arrival(spoke: Vici, gateway: Vici, subject: Subject, name: str) -> None:
    """With IKEv1 the site has what it was given one message before the aggregator: not judged earlier."""
    if subject.connection.version != 1:
        return

    def arrived() -> bool:
        held = {child.spi_out for sa in gateway.list_sas() for child in sa.children}
        return all(c.spi_in in held for sa in spoke.list_sas() for c in sa.children if c.name == name)

    until(
        arrived, what=f"{gateway.node} has the SA of {subject.site.name}", deadline=DEADLINE, interval=GLANCE
    )


def _await_judgement(gateway: Vici, subject: Subject) -> None:
    """Where sites share a connection the agent ends what is not the peer's, once it has heard of it."""
    own = subject.tunnel.protected(subject.site.lan)
    with suppress(DeadlineExpired):  # the verdict on what stays is for the judge
        until(
            lambda: all(child.remote_ts == (own,) for child in _children(gateway, subject)),
            what=f"{subject.site.name} has only what is its own",
            deadline=JUDGEMENT,
            interval=GLANCE,
        )


def _set_up_anew(spoke: Vici, gateway: Vici, subject: Subject) -> None:
    stale = {child.unique_id for child in _children(gateway, subject)}
    with suppress(CommandRefused):  # there may be nothing to end
        spoke.terminate(ike=subject.connection.name)
    until(
        lambda: stale.isdisjoint(child.unique_id for child in _children(gateway, subject)),
        what=f"{subject.tunnel.gateway} has no old SA of {subject.site.name}",
        deadline=DEADLINE,
        interval=GLANCE,
    )
    ask_for_sa(spoke, subject, timeout=DEADLINE)
    _await_child(gateway, subject)


def rekeyings(bench: Bench) -> dict[str, Rekeying]:
    """Each subject rekeys its CHILD_SA while its partner sends; then the aggregator ends the old SA."""
    bench.once(wire_capture)
    by_name = {subject.site.name: subject for subject in subjects(bench.network)}
    return gather(by_name, lambda name: _rekeying(bench, by_name[name]))


def _end_old(gateway: Vici, subject: Subject, old: ChildSaState) -> None:
    """IKEv1 keeps the old SA until it expires: it is ended here. With IKEv2 the end that rekeys deletes it.

    There nobody else may: the other end sends through the new SA only when that deletion has come.
    """
    if subject.connection.version == 1:
        with suppress(CommandRefused):  # it has gone meanwhile
            gateway.terminate(child_id=old.unique_id, timeout=2)
        return
    until(
        lambda: old.spi_in not in {child.spi_in for child in _children(gateway, subject)},
        what=f"the old SA of {subject.site.name} is deleted",
        deadline=DEADLINE,
        interval=GLANCE,
    )


def _rekeying(bench: Bench, subject: Subject) -> Rekeying:
    site = subject.site
    spoke, gateway = bench.vici(site.node), bench.vici(subject.tunnel.gateway, site.node)
    _through(bench, subject)  # what an experiment before this one has moved is not this one's loss
    before = _await_child(gateway, subject)
    with Sending(bench.lab, subject.partner, subject.site, interval_ms=INTERVAL_MS) as probes:
        with suppress(DeadlineExpired):  # the judge tells what was lost
            probes.await_replies(1, Deadline(DEADLINE))
        spoke.rekey(child=subject.connection.children[0].name)
        after = until(
            lambda: next((c for c in _children(gateway, subject) if c.spi_in != before.spi_in), None),
            what=f"{subject.site.name} has rekeyed",
            deadline=DEADLINE,
            interval=GLANCE,
        )
        _end_old(gateway, subject, before)
        with suppress(DeadlineExpired):  # as above
            probes.await_replies(STEADY, Deadline(DEADLINE))
        sent, lost = probes.balance()
    through = _through(bench, subject)
    routed = tuple(
        node for node, table in subject.tables if present(bench.lab, node, table, subject.site.lan)
    )
    return Rekeying(sent, lost, through, before.spi_in, after.spi_in, routed)


def _through(bench: Bench, subject: Subject) -> int:
    """How many probes of one volley are answered, once routing that was busy has settled.

    ospfd computes external routes a second after the others: a change just before may show just after.
    """
    source, target = subject.partner, subject.site.host
    seen = [0]

    def all_answered() -> bool:
        answers = probe(
            bench.lab, source.node, source.host, (target,), count=PROBES, length=LENGTH, wait_ms=WAIT_MS
        )
        seen.append(answers.received[target])
        return seen[-1] == PROBES

    with suppress(DeadlineExpired):  # the verdict is for the judge
        until(all_answered, what=f"all probes to {subject.site.name} are answered", deadline=DEADLINE)
    return seen[-1]
