"""IPsec over a circuit of the site's own: it has two ends, one peer, and no way by the Internet beside it."""

from __future__ import annotations

from collections.abc import Iterator

from offnet.intent.finding import Finding
from offnet.intent.models import IpsecSite
from offnet.intent.salvage import Scope
from offnet.intent.selection import Selection, identity_of


def _sites(scope: Scope) -> Iterator[tuple[str, IpsecSite]]:
    sites = scope.intent.sites.items()
    return ((name, site) for name, site in sites if isinstance(site, IpsecSite) and site.on_circuit)


def only_way(scope: Scope) -> Iterator[Finding]:
    """What is said of the Internet has no meaning on a circuit."""
    for name, site in _sites(scope):
        written = {"front_door": site.front_door, "dynamic": site.dynamic or None, "behind": site.behind}
        for key, value in written.items():
            if value is not None:
                expected = "no such key beside across: circuit: its two ends know each other's address"
                yield Finding(("sites", name, "ipsec", key), expected, see=("sites", name, "ipsec", "across"))


def circuit_to_one_address(scope: Scope) -> Iterator[Finding]:
    """A circuit comes to the gateway's global table, where there is one."""
    for name, site in _sites(scope):
        gateway = scope.intent.gateways.get(site.access.gateway)
        if gateway is not None and gateway.front_doors:
            see = ("gateways", site.access.gateway, "front_doors")
            expected = "a gateway with one address: circuits of sites are not led through front doors"
            yield Finding(("sites", name, "ipsec", "gateway"), expected, see=see)


def circuit_of_one_peer(scope: Scope) -> Iterator[Finding]:
    """The gateway's end of a circuit has one peer, so its connection is not one that peers share."""
    selection = Selection(scope.intent.profiles, scope.intent.certificate_maps)
    for name, site in _sites(scope):
        selector = selection.select(*identity_of(site), None, site.authority)
        if selector is not None and selector.partial:
            see = ("profiles", selector.profile, "match", selector.kind)
            expected = "a site that a profile matches by its whole identity: a circuit has one peer"
            yield Finding(("sites", name, "ipsec"), expected, value=name, see=see)
