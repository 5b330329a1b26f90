"""The provider's own network: routers, core links, OSPF, LDP, MP-BGP and the VRFs of the PEs."""

from __future__ import annotations

from collections import defaultdict
from ipaddress import IPv4Address, IPv4Network

from offnet.design.addresses import with_length
from offnet.design.allocate import interface_name
from offnet.design.numbers import Ends, Numbers
from offnet.design.parts import Contribution, Part
from offnet.design.pe_pe import session, tunnel_interfaces
from offnet.intent.models import LabIntent
from offnet.network.model import (
    Bgp,
    Endpoint,
    Interface,
    InterfaceKind,
    Ldp,
    Link,
    Ospf,
    Role,
)

LOOPBACK_LENGTH = 32


def core(intent: LabIntent, numbers: Numbers) -> Contribution:
    """Every router of the provider, its core links and its routing protocols."""
    protected = intent.provider.protection is not None
    links = tuple(
        Link(Endpoint(a, interface_name(b)), Endpoint(b, interface_name(a)))
        for a, b in (() if protected else numbers.subnets)
    )
    interfaces = tunnel_interfaces(intent, numbers) if protected else _core_interfaces(numbers.subnets)
    routers = intent.provider.routers
    parts = tuple(_router(intent, numbers, name, tuple(interfaces[name])) for name in routers)
    return Contribution(parts=parts, links=links)


def _core_interfaces(subnets: dict[Ends, IPv4Network]) -> dict[str, list[Interface]]:
    interfaces: dict[str, list[Interface]] = defaultdict(list)
    for (a, b), subnet in subnets.items():
        for node, peer, address in ((a, b, subnet[0]), (b, a, subnet[1])):
            own = with_length(address, subnet.prefixlen)
            interfaces[node].append(Interface(interface_name(peer), InterfaceKind.VETH, (own,), mpls=True))
    return interfaces


def _router(intent: LabIntent, numbers: Numbers, name: str, core_links: tuple[Interface, ...]) -> Part:
    router = intent.provider.routers[name]
    own = with_length(router.loopback, LOOPBACK_LENGTH)
    # A PE without a core (its VPNs are on its own circuits) has no labels to switch.
    loopback = Interface("lo", InterfaceKind.LOOPBACK, (own,), mpls=bool(core_links))
    names = tuple(interface.name for interface in core_links)
    role = Role(router.role)
    return Part(
        node=name,
        role=role,
        interfaces=(loopback, *core_links),
        vrfs=tuple(numbers.vrfs.values()) if role is Role.PE else (),
        ospf=Ospf(router.loopback, ("lo", *names)) if names else None,
        ldp=Ldp(router.loopback, names, _neighbour_loopbacks(intent, name)) if names else None,
        bgp=_bgp(intent, numbers, name) if role is Role.PE and names else None,
    )


def _neighbour_loopbacks(intent: LabIntent, name: str) -> tuple[IPv4Address, ...]:
    peers = [set(link.between) - {name} for link in intent.provider.links if name in link.between]
    return tuple(intent.provider.routers[peer.pop()].loopback for peer in peers)


def _bgp(intent: LabIntent, numbers: Numbers, name: str) -> Bgp:
    routers = intent.provider.routers
    others = [other for other, router in routers.items() if Role(router.role) is Role.PE and other != name]
    neighbors = tuple(session(intent, numbers, name, other) for other in others)
    return Bgp(intent.provider.asn, routers[name].loopback, neighbors)
