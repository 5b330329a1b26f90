"""A peer's identity selects the profile of the longest match, whatever the order of the profiles."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from offnet.intent.models import Profile
from offnet.intent.selection import Selection, Selector

MATCHES: dict[str, dict[str, Any]] = {
    "all": {"domain": ["example"], "user_domain": ["example"]},
    "vpn1": {"domain": ["vpn1.example"], "user_domain": ["vpn1.example"]},
    "east": {"domain": ["east.vpn1.example"], "user_domain": ["east.vpn1.example"]},
    "one": {
        "host": ["spoke1.east.vpn1.example"],
        "user": ["alice@east.vpn1.example"],
        "group": ["vpn1group"],
    },
    "address": {"address": ["198.51.100.2"]},
    "any": {"any": True},
}


def profiles(names: Any = tuple(MATCHES), **more: Any) -> dict[str, Profile]:
    esp = {"as-printed": ["3des-sha1"], "modern": ["aes256gcm16"]}
    common = {"keyring": "keys", "vrf": "vpn1", "esp": esp, **more}
    return {name: Profile.model_validate({"match": MATCHES[name], **common}) for name in names}


@pytest.mark.parametrize(
    ("kind", "value", "profile"),
    [
        ("host", "spoke1.east.vpn1.example", "one"),
        ("host", "spoke2.east.vpn1.example", "east"),
        ("host", "a.b.east.vpn1.example", "east"),
        ("host", "east.vpn1.example", "vpn1"),
        ("host", "spoke.vpn2.example", "all"),
        ("host", "spoke.myvpn1.example", "all"),
        ("user", "alice@east.vpn1.example", "one"),
        ("user", "bob@east.vpn1.example", "east"),
        ("user", "bob@vpn1.example", "vpn1"),
        ("user", "bob@vpn2.example", "all"),
        ("group", "vpn1group", "one"),
        ("address", "198.51.100.2", "address"),
    ],
)
def test_the_longest_match_wins(kind: str, value: str, profile: str) -> None:
    found = Selection(profiles()).select(kind, value)
    assert found is not None
    assert found.profile == profile


def test_the_order_of_profiles_does_not_matter() -> None:
    wanted = Selector("east", "domain", "east.vpn1.example")
    for order in permutations(("all", "vpn1", "east")):
        assert Selection(profiles(order)).select("host", "spoke.east.vpn1.example") == wanted


@pytest.mark.parametrize(
    ("kind", "value"),
    [("host", "example"), ("host", "spoke.invalid"), ("group", "vpn2group"), ("address", "198.51.100.3")],
)
def test_who_matches_nothing_is_nobody(kind: str, value: str) -> None:
    named = [name for name in MATCHES if name != "any"]
    assert Selection(profiles(named)).select(kind, value) is None


def test_any_comes_last_and_belongs_to_its_front_door() -> None:
    peer, selection = "198.51.100.2", Selection(profiles(front_door="fv1"))
    assert selection.select("address", peer) is None
    assert selection.select("address", "203.0.113.9", "fv1") == Selector("any", "any", "any")
    assert selection.select("address", peer, "fv1") == Selector("address", "address", peer)
