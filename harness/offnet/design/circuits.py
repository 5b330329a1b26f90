"""Sites behind a layer 2 network: a VLAN each, from a sub-interface in the VRF to the far CE (9-27)."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Interface

from offnet.design.addresses import POINT_TO_POINT, with_length
from offnet.design.allocate import interface_name
from offnet.design.lan import LAN, Lan
from offnet.design.numbers import Numbers
from offnet.design.parts import Contribution, Part
from offnet.intent.models import CircuitSite, LabIntent
from offnet.network.model import (
    Circuit,
    Edge,
    EdgeProtocol,
    Endpoint,
    Interface,
    InterfaceKind,
    Link,
    Role,
    Site,
)

UPLINK = "circuit"  # the far CE's end


@dataclass(frozen=True, slots=True)
class _End:
    """One site with its circuit; both addresses have the subnet's length."""

    name: str
    site: CircuitSite
    lan: Lan
    gateway: str

    @property
    def near(self) -> IPv4Interface:
        """The aggregator's address, the first of the subnet."""
        return self._address(0)

    @property
    def far(self) -> IPv4Interface:
        """The site's address."""
        return self._address(1)

    @property
    def interface(self) -> str:
        """The aggregator's sub-interface."""
        return interface_name(f"{self.site.circuit.network}.{self.site.circuit.vlan}")

    def _address(self, number: int) -> IPv4Interface:
        subnet = self.site.circuit.subnet
        first = 0 if subnet.prefixlen == POINT_TO_POINT else 1
        return with_length(subnet[first + number], subnet.prefixlen)


def circuits(intent: LabIntent, numbers: Numbers) -> Contribution:
    """Every layer 2 network with its switch, its trunk to the aggregator, and the sites on its circuits."""
    ends = tuple(
        _End(name, site, numbers.lans[name], intent.circuits[site.circuit.network].gateway)
        for name, site in intent.sites.items()
        if isinstance(site, CircuitSite)
    )
    trunks = tuple(_trunk(name, network.gateway) for name, network in intent.circuits.items())
    own = tuple(part for end in ends for part in (_pe_end(intent, end), _switched(end), _far_end(end)))
    links = tuple(link for trunk in trunks for link in trunk.links) + tuple(
        Link(Endpoint(end.site.circuit.network, interface_name(end.name)), Endpoint(end.name, UPLINK))
        for end in ends
    )
    parts = tuple(part for trunk in trunks for part in trunk.parts) + own
    return Contribution(parts, links, tuple(_site(end) for end in ends))


def _trunk(network: str, gateway: str) -> Contribution:
    near, far = interface_name(network), interface_name(gateway)
    switch = Part(
        network,
        role=Role.SWITCH,
        interfaces=(Interface("lo", InterfaceKind.LOOPBACK), Interface(far, InterfaceKind.VETH)),
    )
    pe = Part(gateway, interfaces=(Interface(near, InterfaceKind.VETH),))
    return Contribution((switch, pe), (Link(Endpoint(gateway, near), Endpoint(network, far)),))


def _pe_end(intent: LabIntent, end: _End) -> Part:
    circuit = end.site.circuit
    trunk = interface_name(circuit.network)
    sub_interface = Interface(
        end.interface,
        InterfaceKind.VLAN,
        (end.near,),
        vrf=end.site.vpn,
        parent=trunk,
        vlan=circuit.vlan,
    )
    return Part(end.gateway, interfaces=(sub_interface,), edges=(_near_edge(intent, end),))


def _switched(end: _End) -> Part:
    """The tag of the trunk joined to the site's port, as a circuit is: a bridge of their own."""
    vlan = end.site.circuit.vlan
    bridge = f"vlan.{vlan}"
    tagged = Interface(
        f"trunk.{vlan}",
        InterfaceKind.VLAN,
        parent=interface_name(end.gateway),
        vlan=vlan,
        bridge=bridge,
    )
    port = Interface(interface_name(end.name), InterfaceKind.VETH, bridge=bridge)
    return Part(end.site.circuit.network, interfaces=(Interface(bridge, InterfaceKind.BRIDGE), tagged, port))


def _far_end(end: _End) -> Part:
    lan = end.lan
    return Part(
        end.name,
        role=Role.CE,
        interfaces=(
            Interface("lo", InterfaceKind.LOOPBACK),
            Interface(LAN, InterfaceKind.DUMMY, lan.interface(lan.router, lan.host, lan.marker)),
            Interface(UPLINK, InterfaceKind.VETH, (end.far,)),
        ),
        edges=(_far_edge(end),),
    )


def _near_edge(intent: LabIntent, end: _End) -> Edge:
    return Edge(
        interface=end.interface,
        protocol=EdgeProtocol.OSPF,
        subnet=end.site.circuit.subnet,
        neighbor=end.far.ip,
        router_id=intent.provider.routers[end.gateway].loopback,
        vrf=end.site.vpn,
        accepted=(end.lan.prefix,),
    )


def _far_edge(end: _End) -> Edge:
    return Edge(
        interface=UPLINK,
        protocol=EdgeProtocol.OSPF,
        subnet=end.site.circuit.subnet,
        neighbor=end.near.ip,
        router_id=end.far.ip,
        lan=LAN,
        announced=(end.lan.prefix,),
    )


def _site(end: _End) -> Site:
    circuit, lan = end.site.circuit, end.lan
    how = Circuit(circuit.network, circuit.vlan, end.interface, end.near.ip, end.far.ip)
    return Site(
        end.name,
        end.site.vpn,
        end.name,
        end.gateway,
        lan.prefix,
        lan.host,
        lan.marker,
        circuit=how,
    )
