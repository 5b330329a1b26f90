"""The node that plays the Internet, and the front door of every aggregator toward it."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Interface

from offnet.design.addresses import far_end, with_length
from offnet.design.allocate import interface_name
from offnet.design.on_net import DEFAULT_ROUTE
from offnet.design.parts import Contribution, Part
from offnet.intent.models import Door, Gateway, LabIntent, Nat
from offnet.intent.realms import nat_door
from offnet.network.model import Endpoint, FrontDoorVrf, Interface, InterfaceKind, Link, Role, StaticRoute

FRONT_DOOR = "wan"
# Above every table of a VPN, with the tag in the last digits.
FRONT_DOOR_TABLES = 2_000_000_000


def internet(intent: LabIntent) -> Contribution:
    """A plain router with a link to every aggregator and NAT router; what else is there adds its own.

    Beyond each front door it is another Internet: what is there is in a VRF of the door's name.
    """
    gateways = intent.gateways.values()
    vlans = {name: door.vlan for gateway in gateways for name, door in gateway.front_doors.items()}
    realms = tuple(_front_door_vrf(name, vlan) for name, vlan in vlans.items())
    loopback = Interface("lo", InterfaceKind.LOOPBACK)
    node = Part(intent.internet, role=Role.INTERNET, interfaces=(loopback,), front_doors=realms)
    doors = tuple(part for name, gateway in intent.gateways.items() for part in _doors(intent, name, gateway))
    nats = tuple(_nat(intent, name, nat) for name, nat in intent.nats.items())
    links = tuple(_link(name, intent.internet) for name in intent.gateways)
    return Contribution(
        (node, *doors, *(part for one in nats for part in one.parts)),
        (*links, *(link for one in nats for link in one.links)),
    )


def _front_door_vrf(name: str, vlan: int) -> FrontDoorVrf:
    return FrontDoorVrf(name, FRONT_DOOR_TABLES + vlan)


def door_interface(door: Door) -> str:
    """The aggregator's interface that a door's peers come by."""
    return FRONT_DOOR if door.vlan is None else f"{FRONT_DOOR}.{door.vlan}"


def _doors(intent: LabIntent, name: str, gateway: Gateway) -> Iterator[Part]:
    """Both ends of every front door of an aggregator, under their common link."""
    doors = gateway.doors()
    trunk = interface_name(name)
    if None not in doors:
        yield Part(intent.internet, interfaces=(Interface(trunk, InterfaceKind.VETH),))
        yield Part(name, interfaces=(Interface(FRONT_DOOR, InterfaceKind.VETH, front_door=True),))
    for door in doors.values():
        beyond = with_length(door.next_hop, door.address.network.prefixlen)
        yield Part(intent.internet, interfaces=(_beyond(name, trunk, door, beyond),))
        yield _door(door, name)


def _beyond(gateway: str, trunk: str, door: Door, address: IPv4Interface) -> Interface:
    if door.vlan is None:
        return Interface(trunk, InterfaceKind.VETH, (address,))
    name = interface_name(f"{gateway}.{door.vlan}")
    return Interface(name, InterfaceKind.VLAN, (address,), vrf=door.name, parent=trunk, vlan=door.vlan)


def _door(door: Door, gateway: str) -> Part:
    name = door_interface(door)
    default = StaticRoute(DEFAULT_ROUTE, via=door.next_hop, interface=name, vrf=door.vrf or door.name)
    if door.vlan is None:
        own = Interface(name, InterfaceKind.VETH, (door.address,), front_door=True)
        return Part(gateway, interfaces=(own,), routes=(default,))
    own = Interface(
        name,
        InterfaceKind.VLAN,
        (door.address,),
        vrf=door.vrf or door.name,
        parent=FRONT_DOOR,
        vlan=door.vlan,
        front_door=True,
    )
    vrfs = (_front_door_vrf(door.name, door.vlan),) if door.name and door.vrf is None else ()
    return Part(gateway, interfaces=(own,), routes=(default,), front_doors=vrfs)


def attach(
    intent: LabIntent,
    name: str,
    address: IPv4Interface,
    behind: str | None = None,
    front_door: str | None = None,
) -> Contribution:
    """A node with this address on the Internet, or behind a NAT router: its link, both ends, its way out.

    ``front_door`` says beyond which one it is, where aggregators have several.
    """
    return uplink(name, address, behind or intent.internet, vrf=None if behind else front_door)


def uplink(
    name: str, address: IPv4Interface, beyond: str, *, vrf: str | None = None, front_door: bool = False
) -> Contribution:
    """A node's way out: a link to the node that has the other address of the subnet, in a VRF there."""
    hop = far_end(address)
    own = Part(
        name,
        interfaces=(Interface(FRONT_DOOR, InterfaceKind.VETH, (address,)),),
        routes=(StaticRoute(DEFAULT_ROUTE, via=hop, interface=FRONT_DOOR),),
    )
    other = Interface(
        interface_name(name),
        InterfaceKind.VETH,
        (with_length(hop, address.network.prefixlen),),
        vrf=vrf,
        front_door=front_door,
    )
    return Contribution((own, Part(beyond, interfaces=(other,))), (_link(name, beyond),))


def _nat(intent: LabIntent, name: str, nat: Nat) -> Contribution:
    own = Part(name, role=Role.NAT, interfaces=(Interface("lo", InterfaceKind.LOOPBACK),))
    way = attach(intent, name, nat.address, front_door=nat_door(intent, name))
    return Contribution((own, *way.parts), way.links)


def _link(name: str, beyond: str) -> Link:
    return Link(Endpoint(name, FRONT_DOOR), Endpoint(beyond, interface_name(name)))
