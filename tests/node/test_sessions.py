"""Sessions of sites: when they begin and end, and what they have carried."""

from __future__ import annotations

import pytest

from offnet.node.agent.sas import Change, Counts, Sa
from offnet.node.agent.sessions import INTERIM, START, STOP, Sessions

SITES = {"east": "vpn1", "shared": "vpn2"}


def sa(number: int, connection: str = "east", identity: str = "198.51.100.2", packets: int = 0) -> Sa:
    return Sa(number, connection, 1, ("10.0.67.0/24",), identity, carried(packets))


def carried(packets: int) -> Counts:
    return Counts(100 * packets, 200 * packets, packets, 2 * packets)


@pytest.fixture
def sessions() -> Sessions:
    return Sessions(SITES, "f00d")


def test_a_session_lasts_from_the_first_sa_to_the_last(sessions: Sessions) -> None:
    (begun,) = sessions.follow(Change(came=(sa(1),)), 10)
    assert (begun.status, begun.session, begun.connection, begun.vrf) == (START, "f00d-1", "east", "vpn1")
    assert not list(sessions.follow(Change(came=(sa(2),)), 11))
    assert not list(sessions.follow(Change(gone=(sa(1, packets=3),)), 12))
    (ended,) = sessions.follow(Change(gone=(sa(2, packets=4),)), 15.5)
    assert (ended.status, ended.session, ended.seconds) == (STOP, "f00d-1", 5)
    assert ended.counts == carried(7)


def test_a_rekeying_is_within_the_session(sessions: Sessions) -> None:
    list(sessions.follow(Change(came=(sa(1),)), 0))
    assert not list(sessions.follow(Change(gone=(sa(1, packets=5),), came=(sa(2),)), 1))
    (interim,) = sessions.read({1: carried(6), 2: carried(1)}, 2)
    assert (interim.status, interim.counts) == (INTERIM, carried(7))


def test_the_next_session_is_another_one(sessions: Sessions) -> None:
    for number in (1, 2):
        (begun,) = sessions.follow(Change(came=(sa(number),)), 0)
        (ended,) = sessions.follow(Change(gone=(sa(number, packets=number),)), 1)
        assert begun.session == ended.session == f"f00d-{number}"
        assert ended.counts == carried(number)


def test_peers_that_share_a_connection_have_sessions_of_their_own(sessions: Sessions) -> None:
    came = (sa(1, "shared", "a.vpn2.example"), sa(2, "shared", "b.vpn2.example"))
    begun = list(sessions.follow(Change(came=came), 0))
    assert [record.identity for record in begun] == ["a.vpn2.example", "b.vpn2.example"]
    assert {record.vrf for record in begun} == {"vpn2"}
    both = list(sessions.read({1: carried(1), 2: carried(2)}, 1))
    assert [record.counts for record in both] == [carried(1), carried(2)]


def test_others_are_not_accounted(sessions: Sessions) -> None:
    assert not list(sessions.follow(Change(came=(sa(1, "vpn1group"),)), 0))
    assert not list(sessions.read({1: carried(1)}, 1))
    assert not list(sessions.follow(Change(gone=(sa(9),)), 2)), "an end without a beginning"


def test_a_session_whose_beginning_was_missed_counts_from_now(sessions: Sessions) -> None:
    (begun,) = sessions.settle([sa(1, packets=40)], 0)
    assert begun.status == START
    (interim,) = sessions.read({1: carried(42)}, 1)
    assert interim.counts == carried(2)


def test_with_another_charon_all_sessions_have_ended(sessions: Sessions) -> None:
    list(sessions.follow(Change(came=(sa(1),)), 0))
    list(sessions.read({1: carried(3)}, 1))
    ended, begun = sessions.settle([sa(1)], 2)
    assert (ended.status, ended.session, ended.counts) == (STOP, "f00d-1", carried(3))
    assert (begun.status, begun.session) == (START, "f00d-2")
