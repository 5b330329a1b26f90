"""Interfaces, VRFs and routing protocols of one routing context."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from offnet.network.nhrp import Nhrp

MPLS_LABELS = 100_000
"""How many labels a router's kernel knows: a table as long."""
FIRST_VPN_LABEL = 50_000


class InterfaceKind(StrEnum):
    """How an interface comes to be: given by the runtime (veth) or made by the node itself."""

    LOOPBACK = "loopback"
    VETH = "veth"
    DUMMY = "dummy"
    XFRM = "xfrm"
    VLAN = "vlan"
    BRIDGE = "bridge"
    GRE = "gre"
    MGRE = "mgre"
    PAIR = "pair"


class EdgeProtocol(StrEnum):
    """How routes are exchanged between a PE and a customer's router."""

    OSPF = "ospf"
    EBGP = "ebgp"
    EIGRP = "eigrp"

    @property
    def both_ways(self) -> bool:
        """Whether a site learns its VPN's routes by it: FRR's eigrpd takes none from BGP."""
        return self is not EdgeProtocol.EIGRP

    @property
    def kernel_name(self) -> str:
        """What the kernel calls routes that zebra installs for it."""
        return "bgp" if self is EdgeProtocol.EBGP else self.value


@dataclass(frozen=True, slots=True)
class Vrf:
    """A VRF of a PE. ``if_id`` binds SAs to it (XFRM interface); RD and RT as RFC 4364 writes them."""

    name: str
    table: int
    if_id: int
    rd: str
    rt_import: tuple[str, ...]
    rt_export: tuple[str, ...]

    @property
    def label(self) -> int | None:
        """The VPN label that follows from the number of the VPN, or None where bgpd must choose one.

        Out of the way of those that LDP is given from 16 on. Every machine shows the same one, and other
        PEs see the routes up to two seconds sooner: bgpd asks zebra for labels only in its second second.
        """
        return FIRST_VPN_LABEL + self.if_id if self.if_id < MPLS_LABELS - FIRST_VPN_LABEL else None


@dataclass(frozen=True, slots=True)
class FrontDoorVrf:
    """A VRF in front of the tunnels (FVRF): no VPN, so without RD and route targets."""

    name: str
    table: int


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface of a routing context.

    ``vrf`` is the VRF it is enslaved to. ``mpls`` says that it takes labelled packets.
    ``parent`` is what XFRM and VLAN interfaces are on, ``if_id`` and ``vlan`` are their numbers;
    ``bridge`` is the bridge that an interface is a port of. ``local`` and ``remote`` are the outer
    addresses of a tunnel, ``mtu`` is set where the kernel's own would not do. A multipoint tunnel (MGRE)
    has a ``key`` (RFC 2890) and no remote address; without a local one it follows that of its parent. Where
    it is a hub, packets must come from SAs with its ``mark``.
    One end of a PAIR is in another routing context of the node, ``context``, where it is called ``far``.
    ``front_door`` marks the interfaces of an aggregator that tunnels come by: they are opened only once
    charon holds its connections.
    """

    name: str
    kind: InterfaceKind
    addresses: tuple[IPv4Interface, ...] = ()
    vrf: str | None = None
    mpls: bool = False
    parent: str | None = None
    if_id: int | None = None
    vlan: int | None = None
    bridge: str | None = None
    local: IPv4Address | None = None
    remote: IPv4Address | None = None
    mtu: int | None = None
    key: int | None = None
    mark: int | None = None
    context: str | None = None
    far: str | None = None
    front_door: bool = False


@dataclass(frozen=True, slots=True)
class StaticRoute:
    """A route the node has from the start, by gateway or by interface."""

    prefix: IPv4Network
    via: IPv4Address | None = None
    interface: str | None = None
    vrf: str | None = None


@dataclass(frozen=True, slots=True)
class Ospf:
    """OSPFv2, area 0, all interfaces point-to-point but the passive ones."""

    router_id: IPv4Address
    interfaces: tuple[str, ...]
    passive: tuple[str, ...] = ("lo",)


@dataclass(frozen=True, slots=True)
class Ldp:
    """LDP (RFC 5036). ``peers`` are the neighbours' transport addresses, awaited before ldpd starts."""

    router_id: IPv4Address
    interfaces: tuple[str, ...]
    peers: tuple[IPv4Address, ...]


@dataclass(frozen=True, slots=True)
class BgpNeighbor:
    """One iBGP neighbour in address family VPNv4, and the session's own address.

    ``next_hop`` is that of the routes it sends. ``own_next_hop`` is what it is told instead of the
    session's address; ``by_gre`` says that its next hops need no label where a GRE tunnel leads to them.
    """

    name: str
    address: IPv4Address
    source: IPv4Address
    next_hop: IPv4Address
    own_next_hop: IPv4Address | None = None
    by_gre: bool = False


@dataclass(frozen=True, slots=True)
class Bgp:
    """MP-BGP for VPNv4 (RFC 4364)."""

    asn: int
    router_id: IPv4Address
    neighbors: tuple[BgpNeighbor, ...]

    def neighbor(self, name: str) -> BgpNeighbor:
        """The neighbour of that name; KeyError if there is none."""
        for neighbor in self.neighbors:
            if neighbor.name == name:
                return neighbor
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Edge:
    """A neighbour beyond one interface with which a PE and a customer's router exchange routes.

    ``neighbor_asn`` is that of eBGP. A PE's edge is in a ``vrf`` and takes the ``accepted`` prefixes
    alone; a customer's is in none, has the ``asn`` of its site and announces the prefixes of ``lan``.
    On a ``multipoint`` interface there are other neighbours beside this one.
    """

    interface: str
    protocol: EdgeProtocol
    subnet: IPv4Network
    neighbor: IPv4Address
    router_id: IPv4Address
    asn: int | None = None
    neighbor_asn: int | None = None
    vrf: str | None = None
    accepted: tuple[IPv4Network, ...] = ()
    lan: str | None = None
    announced: tuple[IPv4Network, ...] = ()
    multipoint: bool = False


@dataclass(frozen=True, slots=True)
class RoutingContext:
    """A network namespace with its own FRR instance. The first of a node is called ``default``."""

    name: str
    interfaces: tuple[Interface, ...]
    vrfs: tuple[Vrf, ...] = ()
    front_doors: tuple[FrontDoorVrf, ...] = ()
    routes: tuple[StaticRoute, ...] = ()
    ospf: Ospf | None = None
    ldp: Ldp | None = None
    bgp: Bgp | None = None
    edges: tuple[Edge, ...] = ()
    nhrp: Nhrp | None = None

    def edges_by(self, protocol: EdgeProtocol, vrf: str | None = None) -> tuple[Edge, ...]:
        """The edges of one protocol in one VRF, or in the global table."""
        return tuple(edge for edge in self.edges if (edge.protocol, edge.vrf) == (protocol, vrf))

    def interface(self, name: str) -> Interface:
        """The interface of that name; KeyError if there is none."""
        for interface in self.interfaces:
            if interface.name == name:
                return interface
        raise KeyError(name)

    def vrf(self, name: str) -> Vrf:
        """The VRF of that name; KeyError if there is none."""
        for vrf in self.vrfs:
            if vrf.name == name:
                return vrf
        raise KeyError(name)
