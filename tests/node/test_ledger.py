from __future__ import annotations

from ipaddress import IPv4Network

from hypothesis import given
from hypothesis import strategies as st

from offnet.node.agent.decision import Route
from offnet.node.agent.ledger import STATIC, Changes, Ledger

LAN = Route(1001, IPv4Network("10.0.67.0/24"), "ipsec1")
OTHER = Route(1001, IPv4Network("10.0.68.0/24"), "ipsec1")


def test_the_first_owner_adds_and_the_last_one_removes() -> None:
    ledger = Ledger()
    assert ledger.update((), [(1, [LAN])]) == Changes(add=(LAN,))
    assert not ledger.update((), [(2, [LAN])])
    assert not ledger.update([1], ())
    assert ledger.update([2], ()) == Changes(remove=(LAN,))


def test_a_rekeying_changes_nothing() -> None:
    ledger = Ledger()
    ledger.update((), [(1, [LAN])])
    assert not ledger.update([1], [(2, [LAN])])
    assert not ledger.update([1], ())  # the old SA's end, told late
    assert ledger.routes() == {LAN}


def test_an_sa_that_narrows_gives_up_what_it_lost() -> None:
    ledger = Ledger()
    ledger.update((), [(1, [LAN, OTHER])])
    assert ledger.update((), [(1, [LAN])]) == Changes(remove=(OTHER,))


def test_a_prefix_follows_its_newest_owner_to_another_interface_and_back() -> None:
    moved = Route(LAN.table, LAN.prefix, "ipsec9")
    ledger = Ledger()
    ledger.update((), [(1, [LAN])])
    assert ledger.update((), [(2, [moved])]) == Changes(replace=(moved,))
    assert ledger.update([2], ()) == Changes(replace=(LAN,))


def test_a_static_route_outlives_its_sas() -> None:
    ledger = Ledger()
    ledger.update((), [(STATIC, [LAN])])
    ledger.update((), [(1, [LAN])])
    assert not ledger.update([1], ())


def test_the_end_of_an_unknown_sa_is_nothing() -> None:
    assert not Ledger().update([42], ())


PREFIXES = [IPv4Network(f"10.0.{n}.0/24") for n in range(4)]
ROUTES = st.builds(Route, st.sampled_from([1001, 1002]), st.sampled_from(PREFIXES), st.just("ipsec1"))
SAS = st.integers(min_value=1, max_value=6)
STEPS = st.lists(
    st.tuples(st.lists(SAS, max_size=3), st.lists(st.tuples(SAS, st.sets(ROUTES, max_size=3)), max_size=2))
)


@given(STEPS)
def test_routes_are_the_union_of_what_live_sas_own(
    steps: list[tuple[list[int], list[tuple[int, set[Route]]]]],
) -> None:
    ledger, live, kernel = Ledger(), dict[int, set[Route]](), set[Route]()
    for gone, came in steps:
        changes = ledger.update(gone, came)
        for owner in gone:
            live.pop(owner, None)
        live.update(came)
        assert not set(changes.add) & kernel  # nothing is added twice
        assert set(changes.remove) <= kernel
        kernel = (kernel - set(changes.remove)) | set(changes.add)
        assert kernel == ledger.routes() == set().union(*live.values())
