"""Judging DMVPNs on given observations."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from offnet import intent, resources
from offnet.checks.clouds import judge_direct, judge_foreign_key, judge_registered
from offnet.design import design
from offnet.experiments.foreign_keys import Attack
from offnet.experiments.shortcuts import Shortcut
from offnet.network.model import Network, Site
from offnet.observe.nhrp import NhrpEntry
from offnet.observe.vici_model import IkeSa
from tests.checks.conftest import child_sa, ike_sa


@pytest.fixture(scope="module")
def dmvpn() -> Network:
    return design(intent.load(resources.labs() / "dmvpn"))


@pytest.fixture
def two(dmvpn: Network) -> tuple[Site, Site]:
    """The two spokes of the first cloud."""
    one, other = (dmvpn.site(name) for name in dmvpn.clouds[0].spokes)
    return one, other


@pytest.fixture
def found(dmvpn: Network, two: tuple[Site, Site]) -> Shortcut:
    """A shortcut as it should be."""
    return Shortcut(
        {site.name: (63, 64) for site in two},
        1.2,
        {two[0].name: (sa(dmvpn, two[0], 1, 2),), two[1].name: (sa(dmvpn, two[1], 2, 1),)},
    )


def sa(network: Network, site: Site, inward: int, outward: int) -> IkeSa:
    connection = network.node(site.node).connection(network.clouds[0].name)
    return ike_sa(connection, child_sa(connection, inward, outward))


def test_the_direct_way_with_an_sa_of_both(two: tuple[Site, Site], found: Shortcut) -> None:
    told = judge_direct(*two, found)
    assert told.holds
    assert told.seen == "TTL 63-64 and 63-64, after 1.2 s"


def test_a_router_on_the_way(two: tuple[Site, Site], found: Shortcut) -> None:
    seen = replace(found, ttls=found.ttls | {two[1].name: (63, 63)})
    assert judge_direct(*two, seen).seen == f"replies to {two[1].name} have TTL 63, 63"


def test_no_reply_at_all(two: tuple[Site, Site], found: Shortcut) -> None:
    seen = replace(found, ttls=found.ttls | {two[0].name: ()})
    assert judge_direct(*two, seen).seen == f"replies to {two[0].name} have TTL none"


def test_sas_that_the_ends_do_not_agree_on(dmvpn: Network, two: tuple[Site, Site], found: Shortcut) -> None:
    seen = replace(found, sas=found.sas | {two[1].name: (sa(dmvpn, two[1], 2, 3),)})
    assert judge_direct(*two, seen).seen == f"no SA that both {two[0].name} and {two[1].name} have"


def test_registrations() -> None:
    one = NhrpEntry("mgre", "dynamic", IPv4Address("10.254.0.2"), IPv4Address("198.51.100.2"))
    wanted = {("10.254.0.2", "198.51.100.2")}
    assert judge_registered(wanted, (one,)).holds
    assert judge_registered(wanted, ()).seen == "10.254.0.2 at 198.51.100.2 is not registered"
    moved = replace(one, nbma=IPv4Address("198.51.100.3"))
    assert judge_registered(wanted, (moved,)).seen == (
        "10.254.0.2 at 198.51.100.2 is not registered; 10.254.0.2 at 198.51.100.3 is"
    )


@pytest.mark.parametrize(
    ("attack", "seen"),
    [
        (Attack(3, 3, 0), ""),
        (Attack(3, 0, 3), "3 arrived at spoke-vpn1-east; 0 of 3 dropped for their key"),
        (Attack(3, 0, 0), "0 of 3 dropped for their key"),
    ],
)
def test_foreign_keys(two: tuple[Site, Site], attack: Attack, seen: str) -> None:
    told = judge_foreign_key(two[0], attack)
    assert told.holds is (not seen)
    assert told.holds or told.seen == seen
