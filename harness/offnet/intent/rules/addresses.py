"""Outer addresses: those of gateways, of sites on the Internet, and of the provider's own network."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from offnet.intent.document import KeyPath
from offnet.intent.finding import Finding
from offnet.intent.models import OffNetSite
from offnet.intent.rules.segments import UNICAST, Segment, is_unicast, overlaps
from offnet.intent.salvage import Scope

_POINT_TO_POINT = 31


def _outer(scope: Scope) -> Iterator[tuple[str, KeyPath, IPv4Interface]]:
    """Every Internet-facing address: who has it, where that is said, and the address."""
    for name, gateway in scope.intent.gateways.items():
        yield f"gateway {name}", ("gateways", name, "address"), gateway.address
    for name, site in scope.intent.sites.items():
        if isinstance(site, OffNetSite):
            yield f"site {name}", ("sites", name, "ipsec", "address"), site.ipsec.address


def _is_host(address: IPv4Address, network: IPv4Network) -> bool:
    if network.prefixlen >= _POINT_TO_POINT:
        return True
    return address not in (network.network_address, network.broadcast_address)


def usable(scope: Scope) -> Iterator[Finding]:
    """An outer address is a host's, in a subnet with room for the Internet's router."""
    for _, path, address in _outer(scope):
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
        own, hop, network = gateway.address.ip, gateway.next_hop, gateway.address.network
        if hop not in network or hop == own or not _is_host(hop, network):
            yield Finding(("gateways", name, "next_hop"), f"a host of {network} other than {own}")


def distinct_outer(scope: Scope) -> Iterator[Finding]:
    """An outer address selects one peer."""
    owner: dict[IPv4Address, tuple[str, KeyPath]] = {}
    hops = {gateway.next_hop: name for name, gateway in scope.intent.gateways.items()}
    for label, path, address in _outer(scope):
        other, see = owner.setdefault(address.ip, (label, path))
        if other != label:
            yield Finding(path, f"an address of its own, {other} has this one", see=see)
        elif address.ip in hops and path[0] == "sites":
            gateway = hops[address.ip]
            see = ("gateways", gateway, "next_hop")
            yield Finding(path, f"an address of its own, it is the next hop of gateway {gateway}", see=see)


def outer_subnets_apart(scope: Scope) -> Iterator[Finding]:
    """The subnets of the Internet and of the provider's core are all apart."""
    told = {finding.path for finding in distinct_outer(scope)}
    outer = (
        Segment(address.network, path, owner) for owner, path, address in _outer(scope) if path not in told
    )
    for one, other in overlaps((*_core(scope), *outer)):
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
