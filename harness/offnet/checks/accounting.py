"""Accounting: what AAA has written down of sessions is what they were (Examples 9-3, 9-21)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from offnet.checks.claim import Claim, Verdict, verdict
from offnet.experiments.accounting import (
    LENGTH,
    PROBES,
    Accounted,
    access,
    accounted,
    accounted_sites,
    sites_accounted,
)
from offnet.experiments.bench import Bench
from offnet.experiments.logins import clients
from offnet.experiments.subjects import Subject
from offnet.network.model import Network
from offnet.observe.radius import AccountingRecord

USER_REQUEST = "User-Request"
Look = Callable[[Bench], dict[str, Accounted]]


def claims(network: Network) -> Iterator[Claim[dict[str, Accounted]]]:
    """Per VPN one client, and one site whose profile wants it: who it is, and what it has sent."""
    for subject in clients(network):
        if access(network, subject.tunnel.gateway).accounting:
            yield _client(subject)
            yield _octets(subject, accounted)
    for subject in accounted_sites(network):
        yield _site(subject)
        yield _octets(subject, sites_accounted)


def _client(subject: Subject) -> Claim[dict[str, Accounted]]:
    name = subject.site.name
    return Claim(
        5,
        f"{name}: accounting tells who has which address in which group",
        f"Start of {subject.tunnel.user}, {subject.site.host}, {subject.tunnel.gateway_connection}",
        accounted,
        lambda seen: judge_start(subject, seen[name]),
    )


def _site(subject: Subject) -> Claim[dict[str, Accounted]]:
    name, tunnel = subject.site.name, subject.tunnel
    return Claim(
        5,
        f"{name}: accounting tells which site is in which VPN",
        f"Start of {tunnel.identity}, {tunnel.gateway_connection}, VRF {tunnel.vrf}",
        sites_accounted,
        lambda seen: judge_site(subject, seen[name]),
    )


def _octets(subject: Subject, look: Look) -> Claim[dict[str, Accounted]]:
    name, octets = subject.site.name, PROBES * LENGTH
    # Who ends an SA is told of clients, whose session is the IKE_SA.
    cause = USER_REQUEST if subject.tunnel.user else ""
    return Claim(
        5,
        f"{name}: accounted octets are those that were sent",
        f"{octets} octets in {PROBES} packets each way, in an interim record and at the end",
        look,
        lambda seen: judge_octets(seen[name], cause),
    )


def judge_site(subject: Subject, seen: Accounted) -> Verdict:
    """The Start record names the peer, its connection and its VPN."""
    start, own = seen.start, subject.tunnel
    if start is None:
        return Verdict(False, "no Start record")
    found, wanted = (start.user, start.port, start.vrf), (own.identity, own.gateway_connection, own.vrf)
    return Verdict(found == wanted, f"{start.user} {start.port}, VRF {start.vrf or 'unknown'}")


def judge_start(subject: Subject, seen: Accounted) -> Verdict:
    """The Start record names user, address, profile and class."""
    start, own = seen.start, subject.tunnel
    if start is None:
        return Verdict(False, "no Start record")
    wanted = (own.user, subject.site.host, own.gateway_connection, own.gateway_connection)
    found = (start.user, start.address, start.port, start.group)
    return Verdict(found == wanted, f"{start.user} {start.address} {start.port}, class {start.group}")


def judge_octets(seen: Accounted, cause: str = USER_REQUEST) -> Verdict:
    """Interim and Stop record count exactly the probes and their answers."""
    mistakes = [f"{seen.answered} of {PROBES} probes answered"] if seen.answered != PROBES else []
    for what, record in (("interim", seen.interim), ("stop", seen.stop)):
        if record is None:
            mistakes.append(f"no {what} record")
        elif _counts(record) != (seen.octets, seen.octets, PROBES, PROBES):
            mistakes.append(f"{what}: {_text(record)}")
    if seen.stop is not None and seen.stop.cause != cause:
        mistakes.append(f"ended by {seen.stop.cause or 'nobody'}")
    sessions = {record.session for record in (seen.start, seen.interim, seen.stop) if record}
    mistakes += [f"{len(sessions)} session IDs"] if len(sessions) > 1 else []
    return verdict(mistakes, _text(seen.stop) if seen.stop else "")


def _counts(record: AccountingRecord) -> tuple[int, int, int, int]:
    return record.input_octets, record.output_octets, record.input_packets, record.output_packets


def _text(record: AccountingRecord) -> str:
    return (
        f"{record.input_octets} octets in {record.input_packets} packets in, "
        f"{record.output_octets} in {record.output_packets} out"
    )
