"""A session of which every octet is known, from login to logout, and what AAA has written down of it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from offnet.errors import DeadlineExpired
from offnet.experiments.bench import Bench, gather
from offnet.experiments.logins import DEADLINE, clients, log_in, log_out
from offnet.experiments.presence import await_presence
from offnet.experiments.probes import probe
from offnet.experiments.subjects import Subject
from offnet.experiments.wire import wire_capture
from offnet.network.aaa import RadiusAccess
from offnet.network.model import Network
from offnet.observe.question import ask
from offnet.observe.radius import ACCOUNTING, INTERIM, START, STOP, AccountingRecord
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


def accounted(bench: Bench) -> dict[str, Accounted]:
    """One client of every VPN logs in, exchanges probes with its partner, and logs out."""
    bench.once(wire_capture)
    by_name = {subject.site.name: subject for subject in clients(bench.network)}
    return gather(by_name, lambda name: _accounted(bench, by_name[name]))


def _accounted(bench: Bench, subject: Subject) -> Accounted:
    site, partner = subject.site, subject.partner
    interim = access(bench.network, subject.tunnel.gateway).interim
    log_out(bench, subject)
    known = len(_records(bench, subject))
    log_in(bench, subject)
    await_presence(bench.lab, subject.tables, site.lan, wanted=True, seconds=DEADLINE)
    answers = probe(bench.lab, site.node, site.host, (partner.host,), count=PROBES, length=LENGTH)
    told = _await(bench, subject, known, INTERIM, seconds=DEADLINE + INTERIMS * interim)
    log_out(bench, subject)
    stop = _await(bench, subject, known, STOP, seconds=DEADLINE)
    start = next(iter(_of(_records(bench, subject)[known:], START)), None)
    log_in(bench, subject)
    await_presence(bench.lab, subject.tables, site.lan, wanted=True, seconds=DEADLINE)
    return Accounted(start, told, stop, answers.received[partner.host], PROBES * LENGTH)


def _records(bench: Bench, subject: Subject) -> list[AccountingRecord]:
    """What AAA has written down of a client's user so far."""
    node = access(bench.network, subject.tunnel.gateway).node
    return [record for record in ask(bench.lab, node, ACCOUNTING) if record.user == subject.tunnel.user]


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
        return until(
            told, what=f"{status} of {subject.tunnel.user}", deadline=Deadline(seconds), interval=POLL
        )
    return seen[-1] if seen else None
