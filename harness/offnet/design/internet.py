"""The node that plays the Internet, and the front door of every aggregator toward it."""

from __future__ import annotations

from ipaddress import IPv4Address

from offnet.design.addresses import with_length
from offnet.design.allocate import interface_name
from offnet.design.on_net import DEFAULT_ROUTE
from offnet.design.parts import Contribution, Part
from offnet.intent.models import Gateway, LabIntent
from offnet.network.model import Endpoint, Interface, InterfaceKind, Link, Role, StaticRoute

FRONT_DOOR = "wan"


def internet(intent: LabIntent) -> Contribution:
    """A plain router with a link to every aggregator; what else is on the Internet adds its own."""
    node = Part(intent.internet, role=Role.INTERNET, interfaces=(Interface("lo", InterfaceKind.LOOPBACK),))
    doors = tuple(
        part
        for name, gateway in intent.gateways.items()
        for part in (
            access(intent, name, gateway.next_hop, gateway.address.network.prefixlen),
            _front_door(name, gateway),
        )
    )
    return Contribution((node, *doors), tuple(access_link(intent, name) for name in intent.gateways))


def access(intent: LabIntent, name: str, address: IPv4Address, length: int) -> Part:
    """The Internet's interface toward a node, with this address."""
    own = with_length(address, length)
    return Part(intent.internet, interfaces=(Interface(interface_name(name), InterfaceKind.VETH, (own,)),))


def access_link(intent: LabIntent, name: str) -> Link:
    """The link of a node to the Internet."""
    return Link(Endpoint(name, FRONT_DOOR), Endpoint(intent.internet, interface_name(name)))


def _front_door(name: str, gateway: Gateway) -> Part:
    door = Interface(FRONT_DOOR, InterfaceKind.VETH, (gateway.address,), front_door=True)
    default = StaticRoute(DEFAULT_ROUTE, via=gateway.next_hop, interface=FRONT_DOOR)
    return Part(name, interfaces=(door,), routes=(default,))
