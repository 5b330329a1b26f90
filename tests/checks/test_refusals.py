"""Judging refusals and the gap without SA (proofs 6, 7 and 3); finding the reason in the log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from offnet.checks import refusals as topic
from offnet.checks.claim import Claim
from offnet.experiments.closed import Closed
from offnet.experiments.logs import line_about
from offnet.experiments.refusal import Refusal
from offnet.experiments.subjects import Subject, subjects
from offnet.network.model import Network
from offnet.observe.packet import Kind, Packet

Find = Callable[..., Claim[Any]]
LOG = """\
10:00:00.100 09[IKE] <4> 198.51.100.2 is initiating a Main Mode IKE_SA
10:00:00.101 09[IKE] <5> 203.0.113.2 is initiating an IKE_SA
10:00:00.200 10[IKE] <5> tried 1 shared key for '192.0.2.1' - '203.0.113.2', but MAC mismatched
10:00:00.300 11[ENC] <4> could not decrypt payloads
10:00:00.400 11[IKE] <spoke|6> 198.51.100.6 is initiating an IKE_SA
10:00:00.500 11[IKE] <spoke|6> no matching peer config found
"""


@pytest.fixture
def refused(subject: Subject) -> Refusal:
    """A wrong key, refused, and the site back with the right one."""
    times = {node: 0.1 for node, _ in subject.tables}
    return Refusal("could not decrypt", (), (), out=0, into=0, gone=times, back=times)


def judged(network: Network, find: Find, seen: Any, *texts: str) -> tuple[bool, str]:
    verdict = find(topic.claims(network), *texts).judge(seen)
    return verdict.holds, verdict.seen


def test_a_refusal_that_leaves_nothing_holds(
    network: Network, subject: Subject, refused: Refusal, find: Find
) -> None:
    name, seen = subject.site.name, {subject.site.name: refused}
    assert judged(network, find, seen, name, "wrong key") == (True, "could not decrypt")
    assert judged(network, find, seen, name, "unknown identity") == (True, "could not decrypt")
    assert judged(network, find, seen, name, "goes everywhere")[0]
    assert judged(network, find, seen, name, "no SA, no traffic")[0]


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({"sas": ("spoke 198.51.100.6",)}, "SA left: spoke 198.51.100.6"),
        ({"routes": ("pe2",)}, "route left at pe2"),
        ({"reason": ""}, "vpn-gw1-east tells no such reason"),
    ],
)
def test_what_a_wrong_key_leaves_is_told(
    network: Network, subject: Subject, refused: Refusal, find: Find, *, changes: dict[str, Any], seen: str
) -> None:
    looked = {subject.site.name: replace(refused, **changes)}
    assert judged(network, find, looked, subject.site.name, "wrong key") == (False, seen)


def test_a_stranger_that_is_accepted_is_told(
    network: Network, subject: Subject, refused: Refusal, find: Find
) -> None:
    looked = {subject.site.name: replace(refused, reason="", sas=("open somebody",))}
    holds, seen = judged(network, find, looked, subject.site.name, "unknown identity")
    assert not holds
    assert seen == "SA left: open somebody; vpn-gw1-east tells no such reason"


def test_a_route_that_stays_or_does_not_return_is_told(
    network: Network, subject: Subject, refused: Refusal, find: Find
) -> None:
    looked = {subject.site.name: replace(refused, gone={"vpn-gw1-east": 0.1}, back={"pe2": 0.1})}
    holds, seen = judged(network, find, looked, subject.site.name, "goes everywhere")
    assert (holds, seen) == (False, "stays at pe2; not back at vpn-gw1-east")


@pytest.mark.parametrize("changes", [{"out": 1}, {"into": 1}])
def test_traffic_without_sa_is_told(
    network: Network, subject: Subject, refused: Refusal, find: Find, changes: dict[str, Any]
) -> None:
    looked = {subject.site.name: replace(refused, **changes)}
    holds, seen = judged(network, find, looked, subject.site.name, "no SA, no traffic")
    assert not holds
    assert "1 " in seen


def test_a_static_route_must_stay(static: Network, refused: Refusal, find: Find) -> None:
    subject = subjects(static)[0]
    name, everywhere = subject.site.name, tuple(node for node, _ in subject.tables)
    stays = {name: replace(refused, routes=everywhere)}
    assert judged(static, find, stays, name, "stays at every PE")[0]
    assert judged(static, find, stays, name, "wrong key") == (True, "could not decrypt")
    goes = {name: replace(refused, routes=everywhere[:1])}
    assert judged(static, find, goes, name, "stays at every PE") == (False, "gone from pe2")
    assert judged(static, find, goes, name, "wrong key") == (False, "static route gone from pe2")


def test_a_site_without_reverse_route_owes_no_withdrawal(static: Network) -> None:
    name = subjects(static)[1].site.name
    own = [claim.name for claim in topic.claims(static) if claim.name.startswith(name)]
    assert own
    assert not [text for text in own if "PE" in text]


def test_a_dead_daemon_leaks_nothing(network: Network, subject: Subject, find: Find) -> None:
    name, back = subject.site.name, dict.fromkeys((node for node, _ in subject.tables), 0.1)
    packet = Packet(0.0, 84, Kind.ICMP, 0x800, source=str(subject.site.host), destination="10.1.1.10")
    claim = find(topic.claims(network), name, "charon killed")
    assert claim.judge({name: Closed(0, (), back)}).holds
    assert claim.judge({name: Closed(2, (), back)}).seen == "2 replies"
    leaked = claim.judge({name: Closed(0, (packet,), back)})
    assert not leaked.holds
    assert leaked.seen == f"in clear: {packet}"
    lost = {"pe2": 0.1}
    assert claim.judge({name: Closed(0, (), lost)}).seen == "not back at vpn-gw1-east"
    assert claim.judge({name: Closed(0, (), None)}).seen.startswith("no SA again")


@pytest.mark.parametrize(
    ("address", "pattern", "line"),
    [
        ("198.51.100.2", "could not decrypt", "10:00:00.300 11[ENC] <4> could not decrypt payloads"),
        ("198.51.100.6", "no matching peer", "10:00:00.500 11[IKE] <spoke|6> no matching peer config found"),
        ("203.0.113.2", "could not decrypt", ""),
        ("198.51.100.9", "could not decrypt", ""),
        ("198.51.100", "could not decrypt", ""),
    ],
)
def test_a_reason_belongs_to_the_peer_that_began(address: str, pattern: str, line: str) -> None:
    assert line_about(LOG, f"{address} is initiating ", pattern) == line
