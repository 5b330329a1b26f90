"""The node that plays the Internet, and the front door of every aggregator toward it."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface

from offnet.design.addresses import far_end, with_length
from offnet.design.allocate import interface_name
from offnet.design.on_net import DEFAULT_ROUTE
from offnet.design.parts import Contribution, Part
from offnet.intent.models import Gateway, LabIntent, Nat
from offnet.network.model import Endpoint, Interface, InterfaceKind, Link, Role, StaticRoute

FRONT_DOOR = "wan"


def internet(intent: LabIntent) -> Contribution:
    """A plain router with a link to every aggregator and NAT router; what else is there adds its own."""
    node = Part(intent.internet, role=Role.INTERNET, interfaces=(Interface("lo", InterfaceKind.LOOPBACK),))
    doors = tuple(
        part
        for name, gateway in intent.gateways.items()
        for part in (
            _access(intent.internet, name, gateway.next_hop, gateway.address.network.prefixlen),
            _front_door(name, gateway),
        )
    )
    nats = tuple(_nat(intent, name, nat) for name, nat in intent.nats.items())
    links = tuple(_link(name, intent.internet) for name in intent.gateways)
    return Contribution(
        (node, *doors, *(part for one in nats for part in one.parts)),
        (*links, *(link for one in nats for link in one.links)),
    )


def attach(intent: LabIntent, name: str, address: IPv4Interface, behind: str | None = None) -> Contribution:
    """A node with this address on the Internet, or behind a NAT router: its link, both ends, its way out."""
    beyond, hop = behind or intent.internet, far_end(address)
    own = Part(
        name,
        interfaces=(Interface(FRONT_DOOR, InterfaceKind.VETH, (address,)),),
        routes=(StaticRoute(DEFAULT_ROUTE, via=hop, interface=FRONT_DOOR),),
    )
    return Contribution((own, _access(beyond, name, hop, address.network.prefixlen)), (_link(name, beyond),))


def _nat(intent: LabIntent, name: str, nat: Nat) -> Contribution:
    own = Part(name, role=Role.NAT, interfaces=(Interface("lo", InterfaceKind.LOOPBACK),))
    uplink = attach(intent, name, nat.address)
    return Contribution((own, *uplink.parts), uplink.links)


def _access(node: str, peer: str, address: IPv4Address, length: int) -> Part:
    """The interface of a node toward another one, with this address."""
    own = with_length(address, length)
    return Part(node, interfaces=(Interface(interface_name(peer), InterfaceKind.VETH, (own,)),))


def _link(name: str, beyond: str) -> Link:
    return Link(Endpoint(name, FRONT_DOOR), Endpoint(beyond, interface_name(name)))


def _front_door(name: str, gateway: Gateway) -> Part:
    door = Interface(FRONT_DOOR, InterfaceKind.VETH, (gateway.address,), front_door=True)
    default = StaticRoute(DEFAULT_ROUTE, via=gateway.next_hop, interface=FRONT_DOOR)
    return Part(name, interfaces=(door,), routes=(default,))
