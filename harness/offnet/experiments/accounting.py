"""A session of which every octet is known, from login to logout, and what AAA has written down of it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from offnet.errors import DeadlineExpired
from offnet.experiments.asking import ask_for_sa
from offnet.experiments.bench import Bench, gather
from offnet.experiments.logins import DEADLINE, clients, log_in, log_out
from offnet.experiments.presence import await_presence
from offnet.experiments.probes import probe
from offnet.experiments.subjects import Subject, subjects
from offnet.experiments.wire import wire_capture
from offnet.network.aaa import RadiusAccess
from offnet.network.model import Network
from offnet.observe.errors import CommandRefused
from offnet.observe.question import ask
from offnet.observe.radius import ACCOUNTING, INTERIM, START, STOP, AccountingRecord
from offnet.observe.vici_model import sas_of
from offnet.wait import Deadline, until

PROBES = 5
LENGTH = 140
INTERIMS = 3  # within so many intervals one record must tell of the probes
POLL = 0.1


@dataclass(frozen=True, slots=True)
class Accounted:
    """The records of one session, and what went through it; a record that did not come is None.

    ``octets`` were sent each way, as the lengths of inner packets.
    """

    start: AccountingRecord | None
    interim: AccountingRecord | None
    stop: AccountingRecord | None
    answered: int
    octets: int


def access(network: Network, gateway: str) -> RadiusAccess:
    """How a gateway uses its AAA server; LookupError where it has none."""
    ike = network.node(gateway).ike
    if ike is None or ike.radius is None:
        raise LookupError(f"{gateway} has no AAA server")
    return ike.radius


def accounted_sites(network: Network) -> tuple[Subject, ...]:
    """One site of every VPN whose profile wants accounting."""
    found = (subject for subject in subjects(network) if not subject.tunnel.user)
    return tuple(one for one in found if one.tunnel.profile in _profiles(network, one.tunnel.gateway))


def _profiles(network: Network, gateway: str) -> tuple[str, ...]:
    ike = network.node(gateway).ike
    return ike.radius.profiles if ike and ike.radius else ()


def accounted(bench: Bench) -> dict[str, Accounted]:
    """One client of every VPN logs in, exchanges probes with its partner, and logs out."""
    return _all(bench, clients(bench.network))


def sites_accounted(bench: Bench) -> dict[str, Accounted]:
    """One site of every VPN has an SA, exchanges probes with its partner, and ends it."""
    return _all(bench, accounted_sites(bench.network))


def _all(bench: Bench, chosen: tuple[Subject, ...]) -> dict[str, Accounted]:
    bench.once(wire_capture)
    by_name = {subject.site.name: subject for subject in chosen}
    return gather(by_name, lambda name: _accounted(bench, by_name[name]))


def _leave(bench: Bench, subject: Subject) -> None:
    if subject.tunnel.user:
        log_out(bench, subject)
        return
    bench.vici(subject.site.node).terminate(ike=subject.tunnel.site_connection)
    gateway = bench.vici(subject.tunnel.gateway, subject.site.node)
    until(
        lambda: not [sa for sa in sas_of(subject.tunnel, gateway.list_sas()) if sa.current],
        what=f"{subject.tunnel.gateway} has no SA of {subject.site.name}",
        deadline=DEADLINE,
        interval=POLL,
    )
    await_presence(bench.lab, subject.tables, subject.site.lan, wanted=False, seconds=DEADLINE)


def _come(bench: Bench, subject: Subject) -> None:
    if subject.tunnel.user:
        log_in(bench, subject)
    else:
        with suppress(CommandRefused):  # its trap may have been quicker
            ask_for_sa(bench.vici(subject.site.node), subject, timeout=DEADLINE)
    await_presence(bench.lab, subject.tables, subject.site.lan, wanted=True, seconds=DEADLINE)


def _accounted(bench: Bench, subject: Subject) -> Accounted:
    site, partner = subject.site, subject.partner
    interim = access(bench.network, subject.tunnel.gateway).interim
    _leave(bench, subject)
    known = len(_records(bench, subject))
    _come(bench, subject)
    answers = probe(bench.lab, site.node, site.host, (partner.host,), count=PROBES, length=LENGTH)
    told = _await(bench, subject, known, INTERIM, seconds=DEADLINE + INTERIMS * interim)
    _leave(bench, subject)
    stop = _await(bench, subject, known, STOP, seconds=DEADLINE)
    start = next(iter(_of(_records(bench, subject)[known:], START)), None)
    _come(bench, subject)
    return Accounted(start, told, stop, answers.received[partner.host], PROBES * LENGTH)


def _records(bench: Bench, subject: Subject) -> list[AccountingRecord]:
    """What AAA has written down so far of a client's user, or of a site by its identity."""
    node = access(bench.network, subject.tunnel.gateway).node
    name = subject.tunnel.user or subject.tunnel.identity
    return [record for record in ask(bench.lab, node, ACCOUNTING) if record.user == name]


def _of(records: list[AccountingRecord], status: str) -> list[AccountingRecord]:
    return [record for record in records if record.status == status]


def _await(
    bench: Bench, subject: Subject, known: int, status: str, *, seconds: float
) -> AccountingRecord | None:
    """The first record of that kind that tells of the probes, else the last one that does not."""
    seen: list[AccountingRecord] = []

    def told() -> AccountingRecord | None:
        seen[:] = _of(_records(bench, subject)[known:], status)
        return next((record for record in seen if record.input_packets >= PROBES), None)

    with suppress(DeadlineExpired):  # the judge tells what is wrong with the records that came
        return until(told, what=f"{status} of {subject.site.name}", deadline=Deadline(seconds), interval=POLL)
    return seen[-1] if seen else None
