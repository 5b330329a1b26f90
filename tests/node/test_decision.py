from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from offnet.node.agent.config import Policy
from offnet.node.agent.decision import Policies, Route, decide, static_routes
from offnet.node.agent.sas import Sa

LAN = (IPv4Network("10.0.67.0/24"),)
POLICIES = Policies(
    (
        Policy("east1", "vpn1", 1001, "ipsec1", LAN),
        Policy("static2", "vpn2", 1002, "ipsec2", LAN, static=True),
        Policy("vpn1-domain", "vpn1", 1001, "ipsec1", LAN, identity="spoke1.vpn1.example"),
    )
)
IF_IDS = {"ipsec1": 1, "ipsec2": 2}


def of(*selectors: str, connection: str = "east1", if_id: int = 1, identity: str = "") -> Sa:
    return Sa(7, connection, if_id, selectors, identity)


def test_the_sites_own_lan_is_routed() -> None:
    decision = decide(of("10.0.67.0/24"), POLICIES, IF_IDS)
    assert decision.routes == (Route(1001, IPv4Network("10.0.67.0/24"), "ipsec1"),)
    assert not decision.refusals


def test_a_part_of_the_lan_is_routed_as_it_is() -> None:
    (route,) = decide(of("10.0.67.128/25"), POLICIES, IF_IDS).routes
    assert route.prefix == IPv4Network("10.0.67.128/25")


@pytest.mark.parametrize(
    ("selector", "reason"),
    [
        ("0.0.0.0/0", "a default route is never injected"),
        ("10.0.68.0/24", "is not within 10.0.67.0/24"),
        ("10.0.66.0/23", "is not within 10.0.67.0/24"),
        ("10.0.67.1/32[tcp/443]", "covers some protocols only"),
        ("10.0.67.1..10.0.67.9", "is no IPv4 prefix"),
        ("2001:db8::/64", "is no IPv4 prefix"),
        ("dynamic", "is no IPv4 prefix"),
    ],
)
def test_what_a_peer_may_not_inject_is_refused_with_the_reason(selector: str, reason: str) -> None:
    decision = decide(of(selector), POLICIES, IF_IDS)
    assert decision.routes == ()
    assert decision.refusals == (f"east1#7: {selector}: {reason}",)


def test_a_refused_selector_does_not_cost_the_others() -> None:
    decision = decide(of("10.0.68.0/24", "10.0.67.0/24"), POLICIES, IF_IDS)
    assert len(decision.routes) == len(decision.refusals) == 1


def test_a_policy_with_the_whole_internet_does_not_allow_a_default_route() -> None:
    policies = Policies([Policy("east1", "vpn1", 1001, "ipsec1", (IPv4Network("0.0.0.0/0"),))])
    assert decide(of("0.0.0.0/0"), policies, IF_IDS).routes == ()


def test_an_sa_of_another_vrf_gets_nothing() -> None:
    decision = decide(of("10.0.67.0/24", if_id=2), POLICIES, IF_IDS)
    assert decision.refusals == ("east1#7: if_id 2, but ipsec1 has 1",)


def test_an_sa_gets_nothing_while_its_interface_is_missing() -> None:
    assert decide(of("10.0.67.0/24"), POLICIES, {}).routes == ()


def test_an_unknown_connection_gets_nothing() -> None:
    assert decide(of("10.0.67.0/24", connection="rogue"), POLICIES, IF_IDS).routes == ()


def test_static_routes_are_those_of_static_policies() -> None:
    assert static_routes(POLICIES) == (Route(1002, IPv4Network("10.0.67.0/24"), "ipsec2"),)


def test_of_peers_that_share_a_connection_each_gets_its_own() -> None:
    own = of("10.0.67.0/24", connection="vpn1-domain", identity="spoke1.vpn1.example")
    assert decide(own, POLICIES, IF_IDS).routes
    other = of("10.0.67.0/24", connection="vpn1-domain", identity="spoke2.vpn1.example")
    decision = decide(other, POLICIES, IF_IDS)
    assert decision.routes == ()
    assert "no policy for spoke2.vpn1.example" in decision.refusals[0]


@pytest.mark.parametrize(
    ("connection", "identity", "selector", "foreign"),
    [
        ("vpn1-domain", "spoke1.vpn1.example", "10.0.67.0/24", False),
        ("vpn1-domain", "spoke1.vpn1.example", "10.0.68.0/24", True),
        ("vpn1-domain", "spoke1.vpn1.example", "0.0.0.0/0", True),
        ("vpn1-domain", "spoke2.vpn1.example", "10.0.67.0/24", True),
        ("east1", "198.51.100.2", "10.0.68.0/24", False),
        ("nobody", "198.51.100.2", "10.0.68.0/24", False),
    ],
)
def test_what_is_another_peers_is_foreign_where_charon_cannot_tell(
    connection: str, identity: str, selector: str, *, foreign: bool
) -> None:
    sa = of(selector, connection=connection, identity=identity)
    assert decide(sa, POLICIES, IF_IDS).foreign is foreign
