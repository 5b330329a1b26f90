"""Backup peers: another gateway, by which the site can come as it comes by its own."""

from __future__ import annotations

from collections.abc import Iterator

from offnet.intent.document import KeyPath
from offnet.intent.finding import Finding
from offnet.intent.models import IpsecSite
from offnet.intent.rules.names import one_of
from offnet.intent.salvage import Scope
from offnet.intent.selection import Selection, identity_of


def _with_backup(scope: Scope) -> Iterator[tuple[str, IpsecSite, str, KeyPath]]:
    """Every site that has a backup, with its name, and the key that names it."""
    for name, site in scope.intent.sites.items():
        if isinstance(site, IpsecSite) and site.ipsec.backup is not None:
            yield name, site, site.ipsec.backup, ("sites", name, "ipsec", "backup")


def another_gateway(scope: Scope) -> Iterator[Finding]:
    """A backup is a gateway of this lab, and not the one that it is for."""
    for name, site, backup, path in _with_backup(scope):
        others = [other for other in scope.intent.gateways if other != site.ipsec.gateway]
        if scope.lacks("gateways", backup):
            yield Finding(path, one_of(backup, others, "another gateway of this lab"))
        elif backup == site.ipsec.gateway:
            expected = one_of("", others, f"a gateway other than {backup}, for which it is to stand in")
            yield Finding(path, expected, see=("sites", name, "ipsec", "gateway"))


def same_door(scope: Scope) -> Iterator[Finding]:
    """The site comes to its backup by the same front door, or by the one address that both have."""
    for name, site, backup, path in _with_backup(scope):
        gateway, door = scope.intent.gateways.get(backup), site.front_door
        if gateway is None or backup == site.ipsec.gateway or site.on_circuit or door in gateway.doors():
            continue
        if door is None:
            expected = "a gateway with one address, as the site's own: this one has front doors"
            see: KeyPath = ("gateways", backup, "front_doors")
        else:
            expected = f"a gateway that has the front door {door}, by which the site comes to its own"
            see = ("sites", name, "ipsec", "front_door")
        yield Finding(path, expected, see=see)


def route_with_its_sa(scope: Scope) -> Iterator[Finding]:
    """Who has the SA must have the route: a static one stays at the gateway that is dead."""
    profiles = scope.intent.profiles
    selection = Selection(profiles, scope.intent.certificate_maps)
    for _, site, _, path in _with_backup(scope):
        if site.profile is not None:
            expected = "no such key: a site whose profile is incomplete has no SA that a backup could take"
            yield Finding(path, expected, see=("profiles", site.profile))
            continue
        selector = selection.select(*identity_of(site), site.front_door, site.authority)
        if selector is not None and profiles[selector.profile].rri == "static":
            expected = (
                f"no backup, or rri: dynamic in profile {selector.profile}: a static route stays at both"
            )
            yield Finding(path, expected, see=("profiles", selector.profile, "rri"))
