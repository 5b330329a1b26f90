"""Profiles: a peer's identity selects exactly one, and what it selects exists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from ipaddress import IPv4Address

from offnet.intent.finding import Finding
from offnet.intent.models import OffNetSite
from offnet.intent.rules.names import one_of
from offnet.intent.salvage import Scope

INCOMPLETE = (
    "at least one match: a profile without one is incomplete, and the traffic of a crypto map"
    " with an incomplete profile is dropped"
)


def complete(scope: Scope) -> Iterator[Finding]:
    """A profile needs at least one match."""
    for name, profile in scope.intent.profiles.items():
        if not profile.match.address:
            yield Finding(("profiles", name, "match"), INCOMPLETE)


def one_profile_an_address(scope: Scope) -> Iterator[Finding]:
    """A peer's address is in one profile, once."""
    owner: dict[IPv4Address, tuple[str, int]] = {}
    profiles = scope.intent.profiles
    for name, profile in profiles.items():
        for index, address in enumerate(profile.match.address):
            other, first = owner.setdefault(address, (name, index))
            if (other, first) == (name, index):
                continue
            path = ("profiles", name, "match", "address", index)
            see = ("profiles", other, "match", "address", first)
            if other == name:
                yield Finding(path, "each address once", see=see)
                continue
            same = profiles[other].keyring == profile.keyring
            keyring = f" with the same keyring {profile.keyring}" if same else ""
            yield Finding(path, f"an address of one profile only, {other} matches it{keyring}", see=see)


def keyring_exists(scope: Scope) -> Iterator[Finding]:
    """A keyring that a profile uses cannot be removed."""
    keyrings = scope.intent.keyrings
    for name, profile in scope.intent.profiles.items():
        if scope.lacks("keyrings", profile.keyring):
            expected = one_of(profile.keyring, keyrings, "a keyring of this lab")
            yield Finding(
                ("profiles", name, "keyring"),
                f"{expected} ({profile.keyring} is in use by profile {name}: it cannot be removed)",
            )


def vrf_exists(scope: Scope) -> Iterator[Finding]:
    """A VPN that a profile uses cannot be removed."""
    for name, profile in scope.intent.profiles.items():
        if scope.lacks("vpns", profile.vrf):
            expected = one_of(profile.vrf, scope.intent.vpns, "a VPN of this lab")
            yield Finding(
                ("profiles", name, "vrf"),
                f"{expected} ({profile.vrf} is in use by profile {name}: it cannot be removed)",
            )


def keyring_has_keys(scope: Scope) -> Iterator[Finding]:
    """Every address that a profile matches has a key in the profile's keyring."""
    for name, profile in scope.intent.profiles.items():
        keyring = scope.intent.keyrings.get(profile.keyring)
        if keyring is None:
            continue
        for index, address in enumerate(profile.match.address):
            if address not in keyring.keys:
                path = ("profiles", name, "match", "address", index)
                expected = f"an address that has a key in keyring {profile.keyring}"
                yield Finding(path, expected, see=("keyrings", profile.keyring))


def dead_after_probes(scope: Scope) -> Iterator[Finding]:
    """A peer is not dead before it has been probed."""
    for name, gateway in scope.intent.gateways.items():
        if gateway.dpd.timeout <= gateway.dpd.delay:
            expected = f"more seconds than the delay of {gateway.dpd.delay}"
            yield Finding(("gateways", name, "dpd", "timeout"), expected, value=str(gateway.dpd.timeout))


def site_is_matched(scope: Scope) -> Iterator[Finding]:
    """A profile matches every off-net site, and its VRF is the site's VPN."""
    matching: dict[IPv4Address, list[str]] = defaultdict(list)
    for name, profile in scope.intent.profiles.items():
        for address in profile.match.address:
            matching[address].append(name)
    told = scope.whole("profiles") and all(
        profile.match.address for profile in scope.intent.profiles.values()
    )
    for name, site in scope.intent.sites.items():
        if not isinstance(site, OffNetSite):
            continue
        profiles = matching.get(site.ipsec.address.ip)
        if profiles is None:
            if told:
                expected = "an address that a profile matches; add it to profiles.NAME.match.address"
                yield Finding(("sites", name, "ipsec", "address"), expected)
        elif not scope.lacks("vpns", site.vpn) and all(
            scope.intent.profiles[profile].vrf != site.vpn for profile in profiles
        ):
            vrf = scope.intent.profiles[profiles[0]].vrf
            expected = f"{vrf}, the VRF of profile {profiles[0]}, which matches {site.ipsec.address.ip}"
            yield Finding(("sites", name, "vpn"), expected, see=("profiles", profiles[0], "vrf"))
