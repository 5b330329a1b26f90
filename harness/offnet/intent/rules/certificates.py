"""Certificates: every peer has a key or an authority, maps are unambiguous, authorities are apart."""

from __future__ import annotations

from collections.abc import Iterator

from offnet.intent.document import KeyPath
from offnet.intent.finding import Finding
from offnet.intent.models import OffNetSite, Profile
from offnet.intent.rules.names import one_of
from offnet.intent.salvage import Scope
from offnet.intent.selection import CERTIFICATE, Selection, Selector, identity_of

_NODES = ("sites", "clients", "nats")
IN_NO_CERTIFICATE = "another identity: a group (KEY_ID) is in no certificate"


def key_or_authority(scope: Scope) -> Iterator[Finding]:
    """Peers of a profile have pre-shared keys, or certificates."""
    for name, profile in scope.intent.profiles.items():
        if profile.keyring is None and profile.authority is None and needs_key(scope, profile):
            expected = "a value: a profile needs a keyring, or an authority that certifies its peers"
            yield Finding(("profiles", name, "keyring"), expected)
        elif profile.keyring is not None and profile.authority is not None:
            expected = "no such key beside keyring: peers have keys or certificates, not both"
            yield Finding(("profiles", name, "authority"), expected, see=("profiles", name, "keyring"))


def needs_key(scope: Scope, profile: Profile) -> bool:
    """Whether it has peers that no remote-access group brings a key for."""
    return any(
        kind != "group" or value not in scope.intent.groups for kind, _, value in profile.match.entries()
    )


def authority_exists(scope: Scope) -> Iterator[Finding]:
    """An authority that a profile, a site or a gateway names cannot be removed."""
    for name, profile in scope.intent.profiles.items():
        yield from _known(scope, profile.authority, ("profiles", name, "authority"), f"profile {name}")
    for name, site in scope.intent.sites.items():
        if isinstance(site, OffNetSite):
            path = ("sites", name, site.METHOD, "authority")
            yield from _known(scope, site.authority, path, f"site {name}")
    for name, gateway in scope.intent.gateways.items():
        yield from _known(scope, gateway.authority, ("gateways", name, "authority"), f"gateway {name}")


def _known(scope: Scope, authority: str | None, path: KeyPath, user: str) -> Iterator[Finding]:
    if authority is not None and scope.lacks("authorities", authority):
        expected = one_of(authority, scope.intent.authorities, "an authority of this lab")
        yield Finding(path, f"{expected} ({authority} is in use by {user}: it cannot be removed)")


def map_exists(scope: Scope) -> Iterator[Finding]:
    """A certificate map that a profile matches is one of this lab."""
    maps = scope.intent.certificate_maps
    for name, profile in scope.intent.profiles.items():
        for index, wanted in enumerate(profile.match.certificate):
            if scope.lacks("certificate_maps", wanted):
                path = ("profiles", name, "match", "certificate", index)
                yield Finding(path, one_of(wanted, maps, "a certificate map of this lab"))


def match_fits_authentication(scope: Scope) -> Iterator[Finding]:
    """Who has a key shows no certificate, and who has a certificate is in no group."""
    for name, profile in scope.intent.profiles.items():
        path = ("profiles", name, "match")
        if profile.match.certificate and profile.keyring is not None:
            expected = (
                "no certificate map: peers with keys show no certificate; give the profile an authority"
            )
            yield Finding((*path, "certificate"), expected, see=("profiles", name, "keyring"))
        if profile.match.group and profile.authority is not None:
            see = ("profiles", name, "authority")
            yield Finding((*path, "group"), IN_NO_CERTIFICATE, see=see)
    for name, site in scope.intent.sites.items():
        if isinstance(site, OffNetSite) and site.authority and site.access.identity.group:
            yield Finding(("sites", name, site.METHOD, "identity", "group"), IN_NO_CERTIFICATE)


def gateway_has_name(scope: Scope) -> Iterator[Finding]:
    """A gateway shows certificates too, and they need a name."""
    signing = [name for name, profile in scope.intent.profiles.items() if profile.authority is not None]
    for name, gateway in scope.intent.gateways.items():
        own: list[KeyPath] = [("gateways", name, "authority")] if gateway.authority else []
        reasons = own + [("profiles", profile, "authority") for profile in signing]
        if gateway.identity is None and reasons:
            expected = "a value, a name (FQDN) for its certificates"
            yield Finding(("gateways", name, "identity"), expected, see=reasons[0])


def one_node(scope: Scope) -> Iterator[Finding]:
    """One node plays all authorities, and nothing else."""
    intent, first = scope.intent, next(iter(scope.intent.authorities.items()), None)
    taken: dict[str, KeyPath] = {name: ("provider", "routers", name) for name in intent.provider.routers}
    taken |= {name: (section, name) for section in _NODES for name in getattr(intent, section)}
    taken |= {server.node: ("aaa", name, "node") for name, server in intent.aaa.items()}
    for name, authority in intent.authorities.items():
        path = ("authorities", name, "node")
        if first is not None and authority.node != first[1].node:
            expected = f"{first[1].node}: one node plays all authorities of a lab"
            yield Finding(path, expected, see=("authorities", first[0], "node"))
        elif authority.node in taken:
            yield Finding(path, "a name that no other node has", see=taken[authority.node])
        elif authority.node == intent.internet:
            yield Finding(path, f"a name that the node of the Internet ({intent.internet}) does not have")


def distinct_subjects(scope: Scope) -> Iterator[Finding]:
    """The subject of an authority is how a certificate says who issued it."""
    owner: dict[str, str] = {}
    for name, authority in scope.intent.authorities.items():
        other = owner.setdefault(str(authority.subject), name)
        if other != name:
            expected, see = f"a subject of its own, {other} has this one", ("authorities", other, "subject")
            yield Finding(("authorities", name, "subject"), expected, see=see)


def one_map_fits_best(scope: Scope) -> Iterator[Finding]:
    """Of the maps that fit a certificate one names most, or all are of one profile."""
    selection = Selection(scope.intent.profiles, scope.intent.certificate_maps)
    for name, site in scope.intent.sites.items():
        if not isinstance(site, OffNetSite) or site.access.identity.certificate is None:
            continue
        found = [
            selector
            for selector in selection.fitting(*identity_of(site), site.front_door, site.authority)
            if selector.kind == CERTIFICATE
        ]
        if len(found) > 1 and _alike(*found[:2]):
            one, other = found[:2]
            expected = (
                f"a name that one map fits best: {one.value} of profile {one.profile} and {other.value} of"
                f" profile {other.profile} fit alike"
            )
            path = ("sites", name, site.METHOD, "identity", "certificate")
            yield Finding(path, expected, see=("certificate_maps", other.value))


def _alike(one: Selector, other: Selector) -> bool:
    sizes = [len(selector.names.rdns) for selector in (one, other) if selector.names is not None]
    return one.profile != other.profile and one.value != other.value and len(set(sizes)) == 1


def group_is_given(scope: Scope) -> Iterator[Finding]:
    """A group is given to those whose certificates one map selects; its clients have such certificates."""
    intent = scope.intent
    given: dict[str, tuple[str, Profile]] = {}
    for name, profile in intent.profiles.items():
        if profile.group is None:
            continue
        path = ("profiles", name, "group")
        if scope.lacks("groups", profile.group):
            yield Finding(path, one_of(profile.group, intent.groups, "a group of this lab"))
        elif profile.authority is None or len(profile.match.certificate) != 1:
            yield Finding(path, "no such key: only who is selected by one certificate map is given a group")
        else:
            given[profile.group] = (name, profile)
    for name, client in intent.clients.items():
        path = ("clients", name, "certificate")
        if client.group in given:
            profile_name, profile = given[client.group]
            wanted = intent.certificate_maps.get(profile.match.certificate[0])
            if client.certificate is None or (wanted and not wanted.matches(client.certificate)):
                expected = f"a subject that fits {wanted}: profile {profile_name} gives group {client.group}"
                yield Finding(path, expected, see=("profiles", profile_name, "group"))
        elif client.certificate is not None and not scope.lacks("groups", client.group):
            yield Finding(path, f"no such key: clients of group {client.group} have its key")
