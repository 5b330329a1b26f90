"""An aggregator dies under traffic and returns under traffic; the sites of all VPNs send all the while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from offnet.errors import DeadlineExpired
from offnet.experiments.bench import Bench
from offnet.experiments.convergence import CONVERGENCE_DEADLINE
from offnet.experiments.death import Death
from offnet.experiments.faults import SETTLING, SLACK, patience
from offnet.experiments.sending import INTERVAL_MS, Sending
from offnet.experiments.subjects import subject_of
from offnet.network.model import Network, Site
from offnet.observe.errors import ObserveError
from offnet.observe.vici_model import sas_of
from offnet.wait import Deadline, until

Within = Callable[[Network, Site], float]
"""Seconds that a site may take until it is where it should be, and answered there."""

LATE_MS = 1000
"""Late is not lost: a busy machine may stand still for longer than a probe is waited for elsewhere."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A site's probes over an event: how many were sent and lost; why they did not flow again, if so."""

    sent: int
    lost: int
    complaint: str = ""

    @property
    def outage(self) -> float:
        """How long no probe came through, in seconds."""
        return self.lost * INTERVAL_MS / 1000


@dataclass(frozen=True, slots=True)
class Crossing:
    """Flows by site, while sites went from one aggregator to the other; and who is not there in the end."""

    flows: dict[str, Flow]
    missing: tuple[str, ...] = ()


def moved_within(network: Network, site: Site) -> float:
    """Seconds until a site has found its aggregator dead, and has come to its backup."""
    daemon = network.node(site.node).ike
    hold = daemon.backup.hold if daemon and daemon.backup else 0
    return patience(subject_of(network, site)) + hold + SLACK


def home_within(network: Network, site: Site) -> float:
    """Seconds until an aggregator that returns has converged, and has been asked again."""
    return CONVERGENCE_DEADLINE + subject_of(network, site).connection.dpd_delay + SLACK


def death(bench: Bench, dead: Death, after: Network) -> Crossing:
    """It dies; ``after`` is the network that should be left."""
    return _crossing(bench, after, dead.happen, moved_within)


def birth(bench: Bench, dead: Death, within: Within = home_within) -> Crossing:
    """It returns, and everything should be as before."""

    def revive() -> None:
        with suppress(DeadlineExpired):  # what does not come back is seen by the traffic
            dead.revive(CONVERGENCE_DEADLINE)

    return _crossing(bench, bench.network, revive, within)


def _crossing(bench: Bench, after: Network, event: Callable[[], None], within: Within) -> Crossing:
    limits = {site.name: within(bench.network, site) for site, _ in bench.network.tunnels()}
    with _senders(bench) as senders:
        event()
        limit = Deadline(max(limits.values()))
        missing = _missing(bench, after, limit)
        flowing = Deadline(max(limit.left(), SLACK))
        complaints = {name: _complaint(sender, flowing) for name, sender in senders.items()}
        seen = {name: sender.outcomes() for name, sender in senders.items()}
    return Crossing({name: flow_of(outcomes, complaints[name]) for name, outcomes in seen.items()}, missing)


def flow_of(outcomes: dict[int, bool], complaint: str = "") -> Flow:
    """What a sender tells, up to the last reply.

    A number that is missing is lost as well: a packet that the site's own guard drops is never sent.
    """
    answered = [number for number, ok in outcomes.items() if ok]
    sent = max(answered) - min(outcomes) + 1 if answered else len(outcomes)
    return Flow(sent, sent - len(answered), complaint)


@contextmanager
def _senders(bench: Bench) -> Iterator[dict[str, Sending]]:
    """Every off-net site sends to its partner; whoever can be is answered when this begins."""
    with ExitStack() as stack:
        senders = {}
        for site, _ in bench.network.tunnels():
            partner = subject_of(bench.network, site).partner
            senders[site.name] = stack.enter_context(Sending(bench.lab, site, partner, LATE_MS))
        limit = Deadline(SLACK)
        for sender in senders.values():
            with suppress(DeadlineExpired):  # lost probes are counted
                sender.await_flow(limit)
        yield senders


def _missing(bench: Bench, after: Network, limit: Deadline) -> tuple[str, ...]:
    """The sites that have no SA where they should have one, when their time is over."""
    missing: tuple[str, ...] = ()

    def all_there() -> bool:
        nonlocal missing
        missing = tuple(site.name for site, _ in after.tunnels() if not _settled(bench, site))
        return not missing

    with suppress(DeadlineExpired):
        until(all_there, what="every site has its SA", deadline=limit, interval=SETTLING)
    return missing


def _settled(bench: Bench, site: Site) -> bool:
    """Whether a site has an SA at its aggregator of now, and at no other one."""
    assert site.tunnel is not None  # noqa: S101 - the caller asks for tunnels
    own = [sa for sa in bench.vici(site.node).list_sas() if sa.current_children]
    try:
        at_gateway = sas_of(site.tunnel, bench.vici(site.tunnel.gateway).list_sas())
    except ObserveError:  # it has no charon yet
        return False
    there = any(sa.current_children for sa in at_gateway)
    return there and [sa.name for sa in own] == [site.tunnel.site_connection]


def _complaint(sender: Sending, limit: Deadline) -> str:
    try:
        sender.await_flow(limit)
    except DeadlineExpired as error:
        return str(error)
    return ""
