"""Outer addresses: those of gateways, of sites on the Internet, and of the provider's own network."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import NamedTuple

from offnet.intent.document import KeyPath
from offnet.intent.finding import Finding
from offnet.intent.models import OffNetSite, OverlaySite
from offnet.intent.overlays import Across
from offnet.intent.realms import nat_door
from offnet.intent.rules.segments import UNICAST, Segment, is_unicast, overlaps
from offnet.intent.salvage import Scope

_POINT_TO_POINT = 31


# A front door and a NAT router.
_Realm = tuple[str | None, str | None]


class _Outer(NamedTuple):
    """An outer address: who has it, where that is said, and the realm that knows it.

    A realm is a part of the Internet that is apart from others: beyond a front door, or behind a NAT router.
    """

    owner: str
    path: KeyPath
    address: IPv4Interface
    realm: _Realm = (None, None)


def door_path(gateway: str, door: str | None) -> KeyPath:
    """The key of a front door, or of the gateway that has none."""
    return ("gateways", gateway) if door is None else ("gateways", gateway, "front_doors", door)


def _outer(scope: Scope) -> Iterator[_Outer]:
    """The addresses outside VPNs and the core: of gateways, NAT routers, sites, clients and AAA servers."""
    for name, gateway in scope.intent.gateways.items():
        for way, one in gateway.doors().items():
            label = f"gateway {name}" if way is None else f"front door {way} of {name}"
            yield _Outer(label, (*door_path(name, way), "address"), one.address, (way, None))
    for name, nat in scope.intent.nats.items():
        door = nat_door(scope.intent, name)
        yield _Outer(f"NAT router {name}", ("nats", name, "address"), nat.address, (door, None))
    for name, site in scope.intent.sites.items():
        if isinstance(site, OffNetSite):
            path = ("sites", name, site.METHOD, "address")
            yield _Outer(f"site {name}", path, site.access.address, (site.front_door, site.behind))
        elif isinstance(site, OverlaySite):
            path, address = ("sites", name, "overlay", "address"), site.overlay.address
            yield _Outer(f"site {name}", path, address, _realm(scope, site))
    doors = {
        group: profile.front_door
        for profile in scope.intent.profiles.values()
        for group in profile.match.group
    }
    for name, client in scope.intent.clients.items():
        realm = (doors.get(client.group), client.behind)
        yield _Outer(f"client {name}", ("clients", name, "address"), client.address, realm)
    for name, server in scope.intent.aaa.items():
        yield _Outer(f"AAA server {name}", ("aaa", name, "address"), server.address)


def _realm(scope: Scope, site: OverlaySite) -> _Realm:
    """Across the provider a router's address is known in its VPN only; no front door is called like that."""
    overlay = scope.intent.overlays.get(site.overlay.mesh)
    internet = overlay is not None and overlay.across is Across.INTERNET
    return (None, None) if internet else (f"VPN {site.vpn}", None)


def _is_host(address: IPv4Address, network: IPv4Network) -> bool:
    if network.prefixlen >= _POINT_TO_POINT:
        return True
    return address not in (network.network_address, network.broadcast_address)


def usable(scope: Scope) -> Iterator[Finding]:
    """An outer address is a host's, in a subnet with room for the Internet's router."""
    for _, path, address, _ in _outer(scope):
        if address.network.prefixlen > _POINT_TO_POINT:
            yield Finding(path, "a /31 or larger, with room for the Internet's own address")
        elif not is_unicast(address.network):
            yield Finding(path, UNICAST)
        elif not _is_host(address.ip, address.network):
            yield Finding(path, f"a host of {address.network}, not its first or last address")
    for name, router in scope.intent.provider.routers.items():
        if not is_unicast(IPv4Network(router.loopback)):
            path = ("provider", "routers", name, "loopback")
            yield Finding(path, UNICAST)
    if not is_unicast(scope.intent.provider.link_pool):
        yield Finding(("provider", "link_pool"), UNICAST)


def next_hop_beside_gateway(scope: Scope) -> Iterator[Finding]:
    """The next hop is another host of the gateway's subnet."""
    for name, gateway in scope.intent.gateways.items():
        for door_name, door in gateway.doors().items():
            own, hop, network = door.address.ip, door.next_hop, door.address.network
            if hop not in network or hop == own or not _is_host(hop, network):
                path = (*door_path(name, door_name), "next_hop")
                yield Finding(path, f"a host of {network} other than {own}")


def distinct_outer(scope: Scope) -> Iterator[Finding]:
    """An outer address selects one peer; behind a NAT router it is known to that router only."""
    owner: dict[tuple[object, IPv4Address], _Outer] = {}
    hops = {
        door.next_hop: (name, door.name)
        for name, gateway in scope.intent.gateways.items()
        for door in gateway.doors().values()
    }
    for one in _outer(scope):
        ip, path = one.address.ip, one.path
        other = owner.setdefault((one.realm, ip), one)
        if other is not one:
            yield Finding(path, f"an address of its own, {other.owner} has this one", see=other.path)
        elif ip in hops and path[0] != "gateways":
            gateway, door = hops[ip]
            see = (*door_path(gateway, door), "next_hop")
            yield Finding(path, f"an address of its own, it is the next hop of gateway {gateway}", see=see)


def outer_subnets_apart(scope: Scope) -> Iterator[Finding]:
    """The subnets of the Internet and of the core are apart, as are those behind one NAT router."""
    told = {finding.path for finding in distinct_outer(scope)}
    realms: dict[object, list[Segment]] = {(None, None): list(_core(scope))}
    for outer in _outer(scope):
        if outer.path not in told:
            segment = Segment(outer.address.network, outer.path, outer.owner)
            realms.setdefault(outer.realm, []).append(segment)
    for segments in realms.values():
        for one, other in overlaps(segments):
            yield Finding(one.path, f"a prefix apart from {other}", see=other.path)


def _core(scope: Scope) -> Iterator[Segment]:
    provider = scope.intent.provider
    yield Segment(provider.link_pool, ("provider", "link_pool"), "the pool of core links")
    for index, link in enumerate(provider.links):
        if link.subnet is not None and not link.subnet.subnet_of(provider.link_pool):
            yield Segment(link.subnet, ("provider", "links", index, "subnet"), " and ".join(link.between))
    by_address = {router.loopback: name for name, router in reversed(provider.routers.items())}
    for loopback, name in by_address.items():
        yield Segment(IPv4Network(loopback), ("provider", "routers", name, "loopback"), name)
