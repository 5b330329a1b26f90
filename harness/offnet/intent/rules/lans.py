"""LANs of sites: apart within a VPN, free to overlap between VPNs, with room for the hosts of the proofs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from ipaddress import IPv4Address

from offnet.intent.finding import Finding
from offnet.intent.lan import LONGEST_LAN, host_address, router_address
from offnet.intent.rules.segments import UNICAST, Segment, is_unicast, overlaps
from offnet.intent.salvage import Scope


def big_enough(scope: Scope) -> Iterator[Finding]:
    """A LAN has room for its router, the host and the marker."""
    for name, site in scope.intent.sites.items():
        if site.lan.prefixlen > LONGEST_LAN:
            expected = f"a /{LONGEST_LAN} or larger, for a router, a host and a marker"
            yield Finding(("sites", name, "lan"), expected)


def unicast(scope: Scope) -> Iterator[Finding]:
    """A LAN holds addresses that hosts may have."""
    for name, site in scope.intent.sites.items():
        if not is_unicast(site.lan):
            yield Finding(("sites", name, "lan"), UNICAST)


def apart_within_vpn(scope: Scope) -> Iterator[Finding]:
    """Sites of one VPN share a routing table, so their LANs do not overlap."""
    by_vpn: dict[str, list[Segment]] = defaultdict(list)
    for name, site in scope.intent.sites.items():
        by_vpn[site.vpn].append(Segment(site.lan, ("sites", name, "lan"), name))
    for vpn, segments in by_vpn.items():
        for one, other in overlaps(segments):
            expected = f"a prefix apart from {other} in the same VPN {vpn}"
            yield Finding(one.path, expected, see=other.path)


def marker_is_free(scope: Scope) -> Iterator[Finding]:
    """A marker is a host of its LAN that nothing else is."""
    for name, site in scope.intent.sites.items():
        lan, marker = site.lan, site.marker
        if marker is None or lan.prefixlen > LONGEST_LAN:
            continue
        taken = (lan.network_address, router_address(lan), host_address(lan), lan.broadcast_address)
        if marker not in lan or marker in taken:
            router, host = router_address(lan), host_address(lan)
            expected = f"a host of {lan} other than {router} (the router) and {host} (the shared host)"
            yield Finding(("sites", name, "marker"), expected)


def marker_is_unique(scope: Scope) -> Iterator[Finding]:
    """A marker tells VPNs apart, so no other site has that address, whatever its VPN."""
    sites = scope.intent.sites
    marked = {name: site.marker for name, site in sites.items() if site.marker is not None}
    if not marked:
        return
    owner: dict[IPv4Address, str] = {}
    for name, site in sites.items():
        if site.lan.prefixlen <= LONGEST_LAN:
            owner.setdefault(router_address(site.lan), name)
            owner.setdefault(host_address(site.lan), name)
    for name, marker in marked.items():
        other = owner.setdefault(marker, name)
        if other != name:
            expected = f"an address that no other site has, {other} has it"
            yield Finding(("sites", name, "marker"), expected, see=("sites", other))
