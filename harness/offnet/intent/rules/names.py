"""Names: every node has its own, and whatever names another part names one that exists."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from difflib import get_close_matches

from offnet.intent.document import KeyPath
from offnet.intent.finding import Finding
from offnet.intent.models import IpsecSite, OffNetSite, OnNetSite
from offnet.intent.salvage import Scope

_LISTED = 8
_SEARCHED = 100  # names among which the nearest is looked for: the search is slow


def one_of(wanted: str, existing: Collection[str], what: str) -> str:
    """What is expected where a name is unknown: the nearest one, or those that there are."""
    near = get_close_matches(wanted, existing, 1) if len(existing) <= _SEARCHED else []
    if near:
        return f"{what}; did you mean {near[0]}?"
    if not existing:
        return what
    listed = ", ".join(list(existing)[:_LISTED])
    return f"{what}: {listed}{', ...' if len(existing) > _LISTED else ''}"


def distinct_nodes(scope: Scope) -> Iterator[Finding]:
    """Routers, sites and the Internet are all nodes: no two share a name."""
    routers = scope.intent.provider.routers
    owner: dict[str, KeyPath] = {name: ("provider", "routers", name) for name in routers}
    sites: dict[str, KeyPath] = {name: ("sites", name) for name in scope.intent.sites}
    for name, path in sites.items():
        if name in owner:
            yield Finding(path, "a name that no router has", value=name, see=owner[name])
    taken_by = owner | sites
    others: list[tuple[str, KeyPath]] = [(name, ("nats", name)) for name in scope.intent.nats]
    others += [(name, ("circuits", name)) for name in scope.intent.circuits]
    others += [(name, ("clients", name)) for name in scope.intent.clients]
    others += [(server.node, ("aaa", name, "node")) for name, server in scope.intent.aaa.items()]
    for name, path in others:
        if name in taken_by:
            yield Finding(path, "a name that no other node has", value=name, see=taken_by[name])
        taken_by = {name: path} | taken_by
    internet = scope.intent.internet
    taken = taken_by.get(internet)
    if taken is not None and ("internet",) not in scope.aside:
        advice = f"a name that the node of the Internet ({internet}) does not have"
        yield Finding(taken, advice, value=internet)


def interface_names(scope: Scope) -> Iterator[Finding]:
    """On a PE, VRFs and the links to other nodes are interfaces side by side."""
    intent = scope.intent
    nodes = intent.provider.routers.keys() | intent.sites.keys() | intent.nats.keys() | {intent.internet}
    nodes |= intent.clients.keys() | {server.node for server in intent.aaa.values()}
    nodes |= intent.circuits.keys()
    for name in scope.intent.vpns:
        if name in nodes:
            expected = "a name that no node has: both become interfaces of a PE"
            yield Finding(("vpns", name), expected, value=name)


def gateway_is_pe(scope: Scope) -> Iterator[Finding]:
    """Only a PE has VRFs to put decrypted traffic into."""
    for name in scope.intent.gateways:
        yield from pe_of(scope, name, ("gateways", name), of_key=True)


def site_vpn(scope: Scope) -> Iterator[Finding]:
    """A site belongs to a VPN of this lab."""
    for name, site in scope.intent.sites.items():
        if scope.lacks("vpns", site.vpn):
            yield Finding(("sites", name, "vpn"), one_of(site.vpn, scope.intent.vpns, "a VPN of this lab"))


def site_pe(scope: Scope) -> Iterator[Finding]:
    """An on-net site is on a circuit of a PE."""
    for name, site in scope.intent.sites.items():
        if isinstance(site, OnNetSite):
            yield from pe_of(scope, site.pe, ("sites", name, "pe"))


def site_gateway(scope: Scope) -> Iterator[Finding]:
    """An off-net site's tunnel ends on a gateway of this lab."""
    gateways = scope.intent.gateways
    for name, site in scope.intent.sites.items():
        if isinstance(site, OffNetSite) and scope.lacks("gateways", site.access.gateway):
            expected = one_of(site.access.gateway, gateways, "a gateway of this lab")
            yield Finding(("sites", name, site.METHOD, "gateway"), expected)


def site_nat(scope: Scope) -> Iterator[Finding]:
    """A site or client is behind a NAT router of this lab."""
    nats = scope.intent.nats
    sites = ((name, site) for name, site in scope.intent.sites.items() if isinstance(site, IpsecSite))
    named: list[tuple[KeyPath, str | None]] = [
        (("sites", name, "ipsec", "behind"), site.behind) for name, site in sites
    ]
    named += [(("clients", name, "behind"), client.behind) for name, client in scope.intent.clients.items()]
    for path, behind in named:
        if behind is not None and scope.lacks("nats", behind):
            yield Finding(path, one_of(behind, nats, "a NAT router of this lab"))


def pe_of(scope: Scope, name: str, path: KeyPath, *, of_key: bool = False) -> Iterator[Finding]:
    """The mistake, if there is one, where the name of a PE is expected."""
    routers = scope.intent.provider.routers
    if scope.lacks("provider", "routers", name):
        pes = [router for router, entry in routers.items() if entry.role == "pe"]
        yield Finding(path, one_of(name, pes, "a PE of this lab"), of_key=of_key)
    elif name in routers and routers[name].role == "p":
        see = ("provider", "routers", name)
        yield Finding(path, f"a PE: {name} is a P router, which has no VRFs", of_key=of_key, see=see)
