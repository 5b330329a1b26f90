"""An AAA server that falls silent while sessions go on, and one that ends a session."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from offnet.experiments.accounting import access
from offnet.experiments.bench import Bench
from offnet.experiments.logins import DEADLINE, clients, come_back, log_in, log_out, sessions
from offnet.experiments.logs import mark, since
from offnet.experiments.presence import POLL, await_presence
from offnet.experiments.probes import probe
from offnet.experiments.subjects import Subject
from offnet.experiments.wire import wire_capture
from offnet.observe.errors import CommandRefused
from offnet.wait import until

PROBES = 3
LENGTH = 84
SILENT = r"RADIUS Access-Request timed out after \d+ attempts"
UNTOLD = r"RADIUS Accounting-Request timed out after \d+ attempts"
DISCONNECT_PORT = 3799  # RFC 5176
NAK, ACK = "Disconnect-NAK", "Disconnect-ACK"


@dataclass(frozen=True, slots=True)
class Outage:
    """While the server was silent: who tried to log in, why not; whose session stayed, with what answers.

    ``untold`` says that accounting had failed by then, ``back`` that the login succeeded afterwards.
    """

    newcomer: str
    refused: bool
    reason: str
    stayed: dict[str, bool]
    answered: dict[str, int]
    untold: bool
    back: bool


@dataclass(frozen=True, slots=True)
class Disconnect:
    """What the gateway answered to the server, and whether the session of the user was ended and renewed.

    ``forged`` is its answer to the same request under a wrong secret.
    """

    answer: str
    forged: str
    ended: bool
    back: bool


def outage(bench: Bench) -> Outage:
    """The server stops; one client logs in, the others stay; the server goes on."""
    bench.once(wire_capture)
    newcomer, *others = clients(bench.network)
    gateway = newcomer.tunnel.gateway
    before = {one.site.name: _ids(bench, one) for one in others}
    log_out(bench, newcomer)
    start = mark(bench.lab, gateway)
    with _silent(bench, newcomer):
        refused = not _logs_in(bench, newcomer)
        log = until(
            lambda: _told(since(bench.lab, gateway, start), accounted=bool(others)),
            what=f"{gateway} tells that AAA is silent",
            deadline=DEADLINE,
            interval=POLL,
        )
        answered = {one.site.name: _answers(bench, one) for one in others}
        stayed = {one.site.name: bool(_ids(bench, one) & before[one.site.name]) for one in others}
    back = come_back(bench, newcomer)
    reason = re.search(SILENT, log)
    untold = bool(re.search(UNTOLD, log))
    return Outage(newcomer.site.name, refused, reason[0] if reason else "", stayed, answered, untold, back)


def _told(log: str, *, accounted: bool) -> str:
    """The log, once the login has failed, and the accounting of those who are logged in."""
    failed = re.search(SILENT, log) and (not accounted or re.search(UNTOLD, log))
    return log if failed else ""


@contextmanager
def _silent(bench: Bench, subject: Subject) -> Iterator[None]:
    """The server as it is when its host hangs: packets arrive and nobody answers."""
    node = access(bench.network, subject.tunnel.gateway).node
    bench.lab.run(node, ["sh", "-c", "kill -STOP $(pidof freeradius)"])
    try:
        yield
    finally:
        bench.lab.run(node, ["sh", "-c", "kill -CONT $(pidof freeradius)"])


def _logs_in(bench: Bench, subject: Subject) -> bool:
    try:
        log_in(bench, subject)
    except CommandRefused:
        return False
    return True


def _ids(bench: Bench, subject: Subject) -> set[int]:
    return {sa.unique_id for sa in sessions(bench, subject)}


def _answers(bench: Bench, subject: Subject) -> int:
    target = subject.partner.host
    return probe(
        bench.lab, subject.site.node, subject.site.host, (target,), count=PROBES, length=LENGTH
    ).received[target]


def disconnect(bench: Bench) -> Disconnect:
    """The server ends the session of a user; the client, which wants to be connected, logs in again."""
    bench.once(wire_capture)
    subject = clients(bench.network)[-1]
    forged = _request(bench, subject, "not-")
    before = _ids(bench, subject)
    answer = _request(bench, subject)
    new: set[int] = set()
    if answer == ACK:
        new = until(
            lambda: _ids(bench, subject) - before or None,
            what=f"{subject.tunnel.user} is logged in anew",
            deadline=DEADLINE,
            interval=POLL,
        )
        await_presence(bench.lab, subject.tables, subject.site.lan, wanted=True, seconds=DEADLINE)
    return Disconnect(answer, forged, not before & _ids(bench, subject), bool(new))


def _request(bench: Bench, subject: Subject, prefix: str = "") -> str:
    """The gateway's answer to a Disconnect-Request for the client's user, empty where it gives none."""
    radius = access(bench.network, subject.tunnel.gateway)
    argv = ["radclient", "-r", "1", "-t", "1", f"{radius.source}:{DISCONNECT_PORT}", "disconnect"]
    done = bench.lab.run(
        radius.node,
        [*argv, f"{prefix}{radius.dae_secret}"],
        input=f'User-Name = "{subject.tunnel.user}"\n'.encode(),
        check=False,
    )
    if done.code == 0:  # the answer that it hoped for, which it does not always print
        return ACK
    return NAK if NAK in done.stdout else ""
