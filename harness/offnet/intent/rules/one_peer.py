"""Ends of an aggregator that have one peer each: interfaces of GRE tunnels, and circuits of sites."""

from __future__ import annotations

from collections.abc import Iterator

from offnet.intent.finding import Finding
from offnet.intent.models import GreSite, OffNetSite
from offnet.intent.salvage import Scope
from offnet.intent.selection import Selection, identity_of


def _sites(scope: Scope) -> Iterator[tuple[str, OffNetSite, str]]:
    """The sites that have such an end to themselves, and what it is."""
    for name, site in scope.intent.sites.items():
        if isinstance(site, GreSite):
            yield name, site, "tunnel interface"
        elif isinstance(site, OffNetSite) and site.on_circuit:
            yield name, site, "circuit"


def whole_identity(scope: Scope) -> Iterator[Finding]:
    """Who has one peer needs an SA that is not one that peers of a pattern share."""
    selection = Selection(scope.intent.profiles, scope.intent.certificate_maps)
    for name, site, what in _sites(scope):
        selector = selection.select(*identity_of(site), site.front_door, site.authority)
        if selector is not None and selector.partial:
            see = ("profiles", selector.profile, "match", selector.kind)
            expected = f"a site that a profile matches by its whole identity: a {what} has one peer"
            yield Finding(("sites", name, site.METHOD), expected, value=name, see=see)


def one_address(scope: Scope) -> Iterator[Finding]:
    """It is in the gateway's global table, where a gateway with front doors has no address."""
    for name, site, what in _sites(scope):
        gateway = scope.intent.gateways.get(site.access.gateway)
        if gateway is not None and gateway.front_doors:
            see = ("gateways", site.access.gateway, "front_doors")
            expected = f"a gateway with one address: a {what} is not led through front doors"
            yield Finding(("sites", name, site.METHOD, "gateway"), expected, see=see)
