"""Rules where examples alone would not do; every rule's message is in the error goldens."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from offnet.intent import load
from offnet.intent.lan import host_address, router_address
from offnet.intent.rules import RULES, judge
from offnet.intent.rules.segments import Segment, is_unicast, overlaps
from offnet.intent.salvage import Scope

BASE = Path(__file__).parents[1] / "errors" / "base.yml"
GOLDENS = sorted(BASE.parent.glob("*/expected.txt"))

prefixes = st.builds(
    lambda address, length: IPv4Network((address, length), strict=False),
    st.integers(0, 255).map(lambda host: 0x0A000000 + host),
    st.integers(22, 32),
)


@given(st.lists(prefixes, max_size=8))
def test_overlaps_are_found_as_by_comparing_all_pairs(networks: list[IPv4Network]) -> None:
    segments = [Segment(network, (index,), str(index)) for index, network in enumerate(networks)]
    found = list(overlaps(segments))
    assert all(one.prefix.overlaps(other.prefix) for one, other in found)
    assert all(one.path > other.path for one, other in found)
    meets = any(a.overlaps(b) for index, a in enumerate(networks) for b in networks[:index])
    assert bool(found) == meets


@given(prefixes)
def test_private_prefixes_are_unicast(network: IPv4Network) -> None:
    assert is_unicast(network)


def test_special_prefixes_are_not_unicast() -> None:
    special = (
        "0.0.0.0/0",
        "0.0.0.0/8",
        "127.0.0.1/32",
        "126.0.0.0/7",
        "224.0.0.0/4",
        "192.0.0.0/2",
        "255.255.255.255/32",
    )
    assert not [text for text in special if is_unicast(IPv4Network(text))]


def test_addresses_of_a_lan() -> None:
    wide, narrow = IPv4Network("10.1.1.0/24"), IPv4Network("10.1.1.0/29")
    assert (str(router_address(wide)), str(host_address(wide))) == ("10.1.1.1", "10.1.1.10")
    assert (str(router_address(narrow)), str(host_address(narrow))) == ("10.1.1.1", "10.1.1.2")
    assert str(host_address(IPv4Network("10.1.1.0/28"))) == "10.1.1.10"


def test_every_rule_has_a_lesson_and_a_name_of_its_own() -> None:
    assert all(rule.__doc__ for rule in RULES)
    assert len({rule.__name__ for rule in RULES}) == len(RULES)


def test_a_good_lab_breaks_no_rule() -> None:
    assert not list(judge(Scope(load(BASE))))
