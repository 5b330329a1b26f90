"""Profiles: a peer's identity selects exactly one, and what it selects exists."""

from __future__ import annotations

from collections.abc import Iterator

from offnet.intent.document import KeyPath
from offnet.intent.finding import Finding
from offnet.intent.models import ANYBODY
from offnet.intent.rules.names import one_of
from offnet.intent.salvage import Scope
from offnet.intent.selection import DOMAIN, USER_DOMAIN

INCOMPLETE = (
    "at least one match: a profile without one is incomplete, and the traffic of a crypto map"
    " with an incomplete profile is dropped"
)


PARTIAL = (DOMAIN, USER_DOMAIN, ANYBODY)
GROUP = "group"
NOUNS = {
    "address": "an address",
    "host": "a host",
    "domain": "a domain",
    "user": "a user",
    "user_domain": "a domain",
    "group": "a group",
    "certificate": "a certificate map",
    "any": "any",
}


def complete(scope: Scope) -> Iterator[Finding]:
    """A profile needs at least one match, unless it is said that it has none on purpose."""
    for name, profile in scope.intent.profiles.items():
        matched = any(profile.match.entries())
        if not matched and profile.incomplete is None:
            yield Finding(("profiles", name, "match"), INCOMPLETE)
        elif matched and profile.incomplete is not None:
            expected = "no such key: the profile is complete, it has a match"
            yield Finding(("profiles", name, "incomplete"), expected, see=("profiles", name, "match"))


def one_profile_a_match(scope: Scope) -> Iterator[Finding]:
    """What is matched is matched by one profile, once; behind another front door it is another peer."""
    owner: dict[tuple[str | None, str | None, str, str], tuple[str, KeyPath]] = {}
    profiles = scope.intent.profiles
    for name, profile in profiles.items():
        for kind, index, value in profile.match.entries():
            path: KeyPath = ("profiles", name, "match", kind, *(() if index is None else (index,)))
            # Of everybody, the authority decides after authentication: one profile for each.
            authority = profile.authority if kind == ANYBODY else None
            other, first = owner.setdefault((profile.front_door, authority, kind, value), (name, path))
            if first == path:
                continue
            if other == name:
                yield Finding(path, f"each {NOUNS[kind].split()[-1]} once", see=first)
                continue
            same = profile.keyring is not None and profiles[other].keyring == profile.keyring
            keyring = f" with the same keyring {profile.keyring}" if same else ""
            yield Finding(path, f"{NOUNS[kind]} of one profile only, {other} matches it{keyring}", see=first)


def keyring_exists(scope: Scope) -> Iterator[Finding]:
    """A keyring that a profile uses cannot be removed."""
    keyrings = scope.intent.keyrings
    for name, profile in scope.intent.profiles.items():
        if profile.keyring is not None and scope.lacks("keyrings", profile.keyring):
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
    """Every address and every group of sites that a profile matches has a key in the profile's keyring."""
    for name, profile in scope.intent.profiles.items():
        keyring = scope.intent.keyrings.get(profile.keyring or "")
        if keyring is None:
            continue
        for kind, index, value in profile.match.entries():
            if kind == GROUP and value in scope.intent.groups:
                continue  # it has its own key
            if kind in ("address", GROUP) and keyring.key(value) is None:
                path = ("profiles", name, "match", kind, index or 0)
                expected = f"{NOUNS[kind]} that has a key in keyring {profile.keyring}"
                yield Finding(path, expected, see=("keyrings", profile.keyring or ""))


def static_peers_are_known(scope: Scope) -> Iterator[Finding]:
    """A static reverse route asks for an SA when it attracts traffic: that takes a peer with an address."""
    for name, profile in scope.intent.profiles.items():
        partial = next((kind for kind, _, _ in profile.match.entries() if kind in PARTIAL), None)
        if profile.rri == "static" and partial is not None:
            expected = "dynamic or off: where the peers of a pattern are, only they can tell"
            yield Finding(("profiles", name, "rri"), expected, see=("profiles", name, "match", partial))


def dead_after_probes(scope: Scope) -> Iterator[Finding]:
    """A peer is not dead before it has been probed."""
    for name, gateway in scope.intent.gateways.items():
        if gateway.dpd.timeout <= gateway.dpd.delay:
            expected = f"more seconds than the delay of {gateway.dpd.delay}"
            yield Finding(("gateways", name, "dpd", "timeout"), expected, value=str(gateway.dpd.timeout))
