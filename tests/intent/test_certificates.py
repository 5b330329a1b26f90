"""A certificate selects a profile by whole fields of its subject and by who issued it."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from offnet.intent.models import Profile
from offnet.intent.selection import Selection
from offnet.network.pki import DistinguishedName

MAPS = {
    "east": DistinguishedName.of({"O": "VPN1", "OU": "EAST"}),
    "vpn1": DistinguishedName.of({"O": "VPN1"}),
    "vpn2": DistinguishedName.of({"O": "VPN2"}),
}
PROFILES: dict[str, tuple[dict[str, Any], str]] = {
    "east": ({"certificate": ["east"]}, "lab-ca"),
    "vpn1": ({"certificate": ["vpn1"]}, "lab-ca"),
    "vpn2": ({"certificate": ["vpn2"]}, "vpn2-ca"),
    "own1": ({"any": True}, "vpn1-ca"),
    "own2": ({"any": True}, "vpn2-ca"),
}
EAST = "C=XX, O=VPN1, OU=EAST, CN=spoke1"


def selection(names: Any = tuple(PROFILES)) -> Selection:
    esp = {"as-printed": ["3des-sha1"], "modern": ["aes256gcm16"]}
    chosen = ((name, *PROFILES[name]) for name in names)
    return Selection(
        {
            name: Profile.model_validate({"match": match, "authority": by, "vrf": "vpn1", "esp": esp})
            for name, match, by in chosen
        },
        MAPS,
    )


@pytest.mark.parametrize(
    ("subject", "authority", "profile"),
    [
        (EAST, None, "east"),
        ("OU=EAST, CN=other, O=VPN1", None, "east"),
        ("O=VPN1, OU=NORTH, CN=x", None, "vpn1"),
        ("O=VPN2, CN=x", None, "vpn2"),
        (EAST, "lab-ca", "east"),
        (EAST, "vpn1-ca", "own1"),
        (EAST, "vpn2-ca", "own2"),
        ("O=VPN2, CN=x", "vpn2-ca", "vpn2"),
        ("O=VPN10, OU=EAST, CN=x", "lab-ca", None),
        ("O=VPN1-east, OU=EAST", "lab-ca", None),
        (EAST, "nobody", None),
    ],
)
def test_whole_fields_and_the_issuer_select(subject: str, authority: str | None, profile: str | None) -> None:
    found = selection().select("certificate", subject, authority=authority)
    assert (found and found.profile) == profile


@pytest.mark.parametrize("order", list(permutations(("vpn1", "own1", "east"))))
def test_the_map_that_names_most_wins_in_any_order(order: tuple[str, ...]) -> None:
    found = selection(order).select("certificate", EAST, authority="lab-ca")
    assert found is not None
    assert (found.profile, found.names) == ("east", MAPS["east"])


def test_a_name_is_taken_by_the_profile_of_the_authority_that_certified_it() -> None:
    for authority, profile in (("vpn1-ca", "own1"), ("vpn2-ca", "own2")):
        found = selection().select("host", "a.vpn1.example", authority=authority)
        assert found is not None
        assert found.profile == profile
    assert selection().select("host", "a.vpn1.example") is None


def test_a_distinguished_name_survives_being_written() -> None:
    name = DistinguishedName.of({"C": "XX", "O": "A Lab", "CN": "x=y"})
    assert DistinguishedName.parse(str(name)) == name
    assert str(name.replaced("O", "B")) == "C=XX, O=B, CN=x=y"
