"""Off-net sites as peers: each has one identity of its own, which selects a profile that has its key."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from offnet.intent.document import KeyPath
from offnet.intent.finding import Finding
from offnet.intent.models import ANYBODY, DmvpnSite, OffNetSite, Profile
from offnet.intent.rules.certificates import needs_key
from offnet.intent.rules.names import one_of
from offnet.intent.salvage import Scope
from offnet.intent.selection import Selection, identity_of, key_owners

_WAYS = {
    "address": "profiles.NAME.match.address",
    "host": "profiles.NAME.match.host, or its domain to match.domain",
    "user": "profiles.NAME.match.user, or its domain to match.user_domain",
    "group": "profiles.NAME.match.group",
    "certificate": "certificate_maps, and the map to profiles.NAME.match.certificate",
}
_NOUNS = {
    "address": "an address",
    "host": "a name",
    "user": "a user name",
    "group": "a group",
    "certificate": "a subject",
}


def _off_net(scope: Scope) -> Iterator[tuple[str, OffNetSite]]:
    sites = scope.intent.sites.items()
    return ((name, site) for name, site in sites if isinstance(site, OffNetSite))


def _path(name: str, site: OffNetSite) -> KeyPath:
    """The key that says who a site is."""
    kinds = [kind for kind, _ in site.access.identity.chosen()]
    return ("sites", name, site.METHOD, *(("identity", kinds[0]) if kinds else ("address",)))


def one_identity(scope: Scope) -> Iterator[Finding]:
    """A site says one thing of itself."""
    for name, site in _off_net(scope):
        if "identity" in site.access.model_fields_set and len(site.access.identity.chosen()) != 1:
            kinds = ", ".join(type(site.access.identity).model_fields)
            yield Finding(("sites", name, site.METHOD, "identity"), f"one of {kinds}")


def distinct_identities(scope: Scope) -> Iterator[Finding]:
    """A peer that comes with the identity of another one takes its place."""
    owner: dict[tuple[str, str | None, str, str], str] = {}
    for name, site in _off_net(scope):
        if not site.access.identity.chosen():
            continue  # addresses are judged as addresses
        kind, value = identity_of(site)
        owners = [owner.setdefault((at, site.front_door, kind, value), name) for at in site.gateways]
        other = next((one for one in owners if one != name), name)
        if other != name:
            see = _path(other, scope.intent.sites[other])  # type: ignore[arg-type]  # all here are off-net
            yield Finding(_path(name, site), f"an identity of its own, {other} has this one", see=see)


def selected(scope: Scope) -> Iterator[Finding]:
    """A profile matches every off-net site, and its VRF is the site's VPN."""
    profiles = scope.intent.profiles
    selection = Selection(profiles, scope.intent.certificate_maps)
    told = scope.whole("profiles") and all(_usable(scope, profile) for profile in profiles.values())
    for name, site in _off_net(scope):
        if site.profile is not None:
            continue
        kind, value = identity_of(site)
        selector = selection.select(kind, value, site.front_door, site.authority)
        if selector is None:
            if told:
                yield _unmatched(name, site, selection)
        elif not scope.lacks("vpns", site.vpn) and profiles[selector.profile].vrf != site.vpn:
            vrf = profiles[selector.profile].vrf
            expected = f"{vrf}, the VRF of profile {selector.profile}, which matches {value}"
            yield Finding(("sites", name, "vpn"), expected, see=("profiles", selector.profile, "vrf"))


def movable(scope: Scope) -> Iterator[Finding]:
    """A site that may come from any address is not selected, and not asked for an SA, by its address."""
    profiles = scope.intent.profiles
    selection = Selection(profiles, scope.intent.certificate_maps)
    for name, site in _off_net(scope):
        kind, value = identity_of(site)
        selector = selection.select(kind, value, site.front_door, site.authority)
        if not site.dynamic or selector is None:
            continue
        if isinstance(site, DmvpnSite):
            continue  # its cloud says which profile
        path: KeyPath = ("sites", name, site.METHOD, "dynamic")
        see = ("profiles", selector.profile)
        if selector.kind == "address":
            expected = f"an identity other than an address: {selector.profile} matches {value} only"
            yield Finding(path, expected, see=(*see, "match", "address"))
        elif profiles[selector.profile].rri == "static":
            expected = f"a profile with rri: dynamic or off, {selector.profile} must know where its peers are"
            yield Finding(path, expected, see=(*see, "rri"))


def one_key_an_owner(scope: Scope) -> Iterator[Finding]:
    """The aggregator finds a key by its owner, whatever front door that comes by."""
    owner: dict[tuple[str, str], tuple[str, str]] = {}
    selection = Selection(scope.intent.profiles, scope.intent.certificate_maps)
    for name, site in _off_net(scope):
        kind, value = identity_of(site)
        selector = selection.select(kind, value, site.front_door, site.authority)
        ring = scope.intent.profiles[selector.profile].keyring if selector else None
        keyring = scope.intent.keyrings.get(ring or "")
        if keyring is None:
            continue
        for at, own in product(site.gateways, (own for own in key_owners(site) if own in keyring.keys)):
            other, key = owner.setdefault((at, own), (name, keyring.keys[own]))
            if key != keyring.keys[own]:
                expected = f"a peer whose key is its own: {other} is {own} as well, with another key"
                yield Finding(_path(name, site), expected, see=("sites", other))


def _usable(scope: Scope, profile: Profile) -> bool:
    """Whether what it lacks, if anything, has not been told already."""
    matched = any(profile.match.entries()) or profile.incomplete is not None
    ways = (profile.keyring is not None) + (profile.authority is not None)
    return matched and (ways == 1 or (ways == 0 and not needs_key(scope, profile)))


def _unmatched(name: str, site: OffNetSite, selection: Selection) -> Finding:
    kind, value = identity_of(site)
    signing = (selection.select(kind, value, authority=authority) for authority in selection.authorities)
    near = next((one for one in signing if one is not None and one.kind != ANYBODY), None)
    if near is not None and site.authority is None:
        expected = f"a value: profile {near.profile} matches {value}, and its peers have certificates"
        return Finding(("sites", name, site.METHOD, "authority"), expected, see=("profiles", near.profile))
    by = f" with authority {site.authority}" if site.authority else ""
    return Finding(_path(name, site), f"{_NOUNS[kind]} that a profile{by} matches; add it to {_WAYS[kind]}")


def has_key(scope: Scope) -> Iterator[Finding]:
    """The keyring of the profile that a site selects has a key for it, by its address or its identity."""
    selection = Selection(scope.intent.profiles, scope.intent.certificate_maps)
    for name, site in _off_net(scope):
        kind, value = identity_of(site)
        selector = selection.select(kind, value, site.front_door, site.authority)
        if kind == "group" and value in scope.intent.groups:
            expected = "a group of sites: the users of this one log in"
            yield Finding(_path(name, site), expected, see=("groups", value))
        chosen = site.profile or (selector and selector.profile)
        if chosen not in scope.intent.profiles or (selector and selector.kind in ("address", "group")):
            continue  # told already, where the match is
        ring = scope.intent.profiles[chosen].keyring or ""
        keyring = scope.intent.keyrings.get(ring)
        if keyring is not None and keyring.key(*key_owners(site)) is None:
            expected = f"a peer that has a key in keyring {ring}, by {' or '.join(key_owners(site))}"
            yield Finding(_path(name, site), expected, see=("keyrings", ring))


def incomplete_by_name(scope: Scope) -> Iterator[Finding]:
    """Only an incomplete profile is given to a site by name: any other one is selected by the identity."""
    profiles = scope.intent.profiles
    for name, site in _off_net(scope):
        chosen, path = site.profile, ("sites", name, site.METHOD, "profile")
        if chosen is None:
            continue
        if scope.lacks("profiles", chosen):
            yield Finding(path, one_of(chosen, profiles, "a profile of this lab"))
        elif chosen in profiles and profiles[chosen].incomplete is None:
            expected = (
                "no such key: an identity selects its profile; only one with incomplete: allowed is named"
            )
            yield Finding(path, expected, see=("profiles", chosen))
        elif chosen in profiles and profiles[chosen].vrf != site.vpn:
            expected = f"{profiles[chosen].vrf}, the VRF of profile {chosen}"
            yield Finding(("sites", name, "vpn"), expected, see=("profiles", chosen, "vrf"))
