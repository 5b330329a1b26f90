"""Identities as charon takes them, and patterns in the order in which it must try them."""

from __future__ import annotations

import random
from typing import Any

import pytest

from offnet.design import design
from offnet.design.identities import connection_name, fits, patterns, shown
from offnet.intent.models import LabIntent
from offnet.intent.selection import Selector
from offnet.network.model import Crypto, Identity, IdentityKind
from offnet.network.precedence import after, precedence

Data = dict[str, Any]
DOMAINS = ("example", "vpn1.example", "east.vpn1.example")


@pytest.mark.parametrize(
    ("identity", "swanctl"),
    [
        (shown("address", "198.51.100.2"), "198.51.100.2"),
        (shown("host", "spoke1.vpn1.example"), "spoke1.vpn1.example"),
        (shown("user", "alice@vpn1.example"), "alice@vpn1.example"),
        (shown("group", "vpn1group"), "keyid:vpn1group"),
        (Identity(IdentityKind.USER_FQDN, "*.vpn1.example"), "email:*.vpn1.example"),
        (Identity.anybody(), "%any"),
    ],
)
def test_swanctl_is_told_the_type_where_it_would_guess_another(identity: Identity, swanctl: str) -> None:
    assert str(identity) == swanctl


def test_a_domain_takes_what_is_below_it_only() -> None:
    (pattern,) = patterns(Selector("p", "domain", "vpn1.example"))
    taken = ("a.vpn1.example", "a.b.vpn1.example", "vpn1.example", "a.myvpn1.example", "a.vpn2.example")
    assert [fits(shown("host", name), pattern) for name in taken] == [True, True, False, False, False]
    assert not fits(shown("user", "a@b.vpn1.example"), pattern)


def test_a_domain_of_users_takes_its_own_and_those_below() -> None:
    both = patterns(Selector("p", "user_domain", "vpn1.example"))
    users = ("a@vpn1.example", "a@east.vpn1.example", "a@myvpn1.example")
    found = [sum(fits(shown("user", user), pattern) for pattern in both) for user in users]
    assert found == [1, 1, 0]


def test_connections_of_different_matches_have_different_names() -> None:
    selectors = [
        Selector("p", kind, value)
        for kind in ("domain", "user_domain")
        for value in ("a-b.example", "a.b.example", "b.example")
    ]
    names = [
        connection_name(selector, pattern, aggressive=aggressive)
        for selector in (*selectors, Selector("p", "any", "any"))
        for pattern in patterns(selector)
        for aggressive in (False, True)
    ]
    assert len(set(names)) == len(names)
    assert not any("." in name for name in names), "a dot begins a section in swanctl.conf"


def with_domains(data: Data, order: tuple[str, ...]) -> LabIntent:
    """The lab with a profile for each of three nested domains, and a site in the middle one."""
    esp, site = data["profiles"]["vpn1"]["esp"], data["sites"]["spoke-vpn1-north"]
    data["profiles"] |= {
        f"by-{domain.replace('.', '-')}": {
            "match": {"domain": [domain]},
            "keyring": "vpn1",
            "vrf": "vpn1",
            "esp": esp,
        }
        for domain in order
    }
    data["profiles"]["vpn1"]["match"]["address"].remove("198.51.100.6")
    site["ipsec"]["identity"] = {"host": "north.vpn1.example"}
    return LabIntent.model_validate(data)


@pytest.mark.parametrize("seed", range(6))
def test_longer_patterns_are_loaded_first_in_whatever_order_they_are_written(data: Data, seed: int) -> None:
    order = random.Random(seed).sample(DOMAINS, len(DOMAINS))  # noqa: S311 - a shuffle, no secret
    network = design(with_domains(data, tuple(order)))
    ike = network.node("vpn-gw1-east").ike
    assert ike is not None
    loaded = [c.remote.id for c in ike.connections if c.remote.id.pattern]
    assert [identity.text for identity in loaded] == [f"*.{domain}" for domain in reversed(DOMAINS)]
    assert loaded == sorted(loaded, key=precedence)


@pytest.mark.parametrize("crypto", list(Crypto))
def test_a_site_of_a_domain_shares_a_connection_and_keeps_its_lan(data: Data, crypto: Crypto) -> None:
    network = design(with_domains(data, DOMAINS), crypto)
    site = network.site("spoke-vpn1-north")
    assert site.tunnel is not None
    assert (site.tunnel.profile, site.tunnel.identity) == ("by-vpn1-example", "north.vpn1.example")
    gateway = network.node(site.pe)
    connection = gateway.connection(site.tunnel.gateway_connection)
    assert connection.remote_addresses == ("%any",)
    assert connection.children[0].remote_ts == (str(site.lan),)
    (policy,) = (p for p in gateway.reverse_routes if p.connection == connection.name)
    assert (policy.identity, policy.prefixes) == (site.tunnel.identity, (site.lan,))
    empty = [c for c in gateway.ike.connections if not c.children] if gateway.ike else []
    assert len(empty) == len(DOMAINS) - 1, "patterns without a site are there, so that no shorter one wins"


@pytest.mark.parametrize(("owner", "aggressive"), [("198.51.100.6", False), ("north.vpn1.example", True)])
def test_ikev1_needs_the_identity_first_where_it_alone_has_the_key(
    data: Data, owner: str, *, aggressive: bool
) -> None:
    data["keyrings"]["vpn1"] = {"198.51.100.2": "vpn1aes", owner: "north"}
    intent = with_domains(data, DOMAINS)
    for crypto in Crypto:
        network = design(intent, crypto)
        site = network.site("spoke-vpn1-north")
        assert site.tunnel is not None
        ends = (
            network.node(site.pe).connection(site.tunnel.gateway_connection),
            network.node(site.node).connection(site.tunnel.site_connection),
        )
        assert {end.aggressive for end in ends} == {aggressive and crypto is Crypto.AS_PRINTED}


def test_a_longer_pattern_is_followed_by_the_shorter_ones(data: Data) -> None:
    ike = design(with_domains(data, DOMAINS)).node("vpn-gw1-east").ike
    assert ike is not None
    longest, middle, shortest = (c for c in ike.connections if c.remote.id.pattern)
    held = [shortest, ike.connections[0], middle]
    assert after(longest, held) == (middle, shortest)
    assert after(middle, [longest, shortest]) == (shortest,)
    assert after(shortest, [longest, middle]) == ()
