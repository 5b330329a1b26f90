"""The resolved network: what every node is, in the terms of the field.

Nothing here is computed: the design turns intent into these frozen values, the renderers
and the checks only read them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from offnet.network.aaa import RadiusServer
from offnet.network.ike import (
    AuthRound,
    ChildSa,
    Drop,
    Identity,
    IdentityKind,
    IkeConnection,
    IkeDaemon,
    ReverseRoutePolicy,
    SharedSecret,
)
from offnet.network.overlay import Overlay, OverlayTunnel
from offnet.network.pki import (
    Authority,
    Certificate,
    CertificateAuthorities,
    Credentials,
    DistinguishedName,
    KeyType,
)
from offnet.network.routing import (
    Bgp,
    BgpNeighbor,
    Edge,
    EdgeProtocol,
    FrontDoorVrf,
    Interface,
    InterfaceKind,
    Ldp,
    Ospf,
    RoutingContext,
    StaticRoute,
    Vrf,
    VrfOspf,
)

__all__ = [
    "AuthRound",
    "Authority",
    "Bgp",
    "BgpNeighbor",
    "Certificate",
    "CertificateAuthorities",
    "ChildSa",
    "Circuit",
    "CoreEnd",
    "CoreTunnel",
    "Credentials",
    "Crypto",
    "DistinguishedName",
    "Drop",
    "Edge",
    "EdgeProtocol",
    "Endpoint",
    "FrontDoorVrf",
    "GreTunnel",
    "Identity",
    "IdentityKind",
    "IkeConnection",
    "IkeDaemon",
    "Interface",
    "InterfaceKind",
    "KeyType",
    "Ldp",
    "Link",
    "Network",
    "Node",
    "Ospf",
    "Overlay",
    "OverlayTunnel",
    "ReverseRoutePolicy",
    "Role",
    "RoutingContext",
    "SharedSecret",
    "Site",
    "StaticRoute",
    "Tunnel",
    "Unprotected",
    "Vpn",
    "Vrf",
    "VrfOspf",
]


class Role(StrEnum):
    """What a node is for; also its tier in drawings."""

    PE = "pe"
    P = "p"
    CE = "ce"
    SPOKE = "spoke"
    CLIENT = "client"
    AAA = "aaa"
    INTERNET = "internet"
    NAT = "nat"
    CA = "ca"
    SWITCH = "switch"


class Crypto(StrEnum):
    """The crypto variant a lab runs with."""

    AS_PRINTED = "as-printed"
    MODERN = "modern"


@dataclass(frozen=True, slots=True)
class Node:
    """One device. ``ike``, ``reverse_routes``, ``radius`` are empty without charon, agent, AAA server.

    ``authorities`` are those that it plays, ``credentials`` those that it is certified with.
    """

    name: str
    role: Role
    contexts: tuple[RoutingContext, ...]
    ike: IkeDaemon | None = None
    reverse_routes: tuple[ReverseRoutePolicy, ...] = ()
    drops: tuple[Drop, ...] = ()
    radius: RadiusServer | None = None
    authorities: CertificateAuthorities | None = None
    credentials: Credentials | None = None

    @property
    def default(self) -> RoutingContext:
        """The node's first routing context."""
        return self.contexts[0]

    @property
    def loopback(self) -> IPv4Address:
        """The router's loopback address; LookupError where it has none."""
        addresses = self.default.interface("lo").addresses
        if not addresses:
            raise LookupError(f"{self.name} has no loopback address")
        return addresses[0].ip

    def connection(self, name: str) -> IkeConnection:
        """The IKE connection of that name; KeyError if there is none."""
        for connection in self.ike.every_connection() if self.ike else ():
            if connection.name == name:
                return connection
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One end of a link."""

    node: str
    interface: str

    def __str__(self) -> str:
        return f"{self.node}:{self.interface}"


@dataclass(frozen=True, slots=True)
class Link:
    """A point-to-point Ethernet link; MTU in bytes."""

    a: Endpoint
    b: Endpoint
    mtu: int = 1500


@dataclass(frozen=True, slots=True)
class GreTunnel:
    """A tunnel interface at each end, with its inside address; MTU in bytes.

    The SA protects GRE between the outer addresses, and with it the routing over the tunnel.
    """

    gateway_interface: str
    gateway_inside: IPv4Interface
    site_interface: str
    site_inside: IPv4Interface
    mtu: int
    routing: EdgeProtocol


@dataclass(frozen=True, slots=True)
class Tunnel:
    """How an off-net site reaches its VPN: which SA at which end, into which VRF.

    ``address`` is the site's outer address; ``gateway_address`` the aggregator's.
    ``gateway_connection``/``site_connection`` name the IKE connection at each end; the
    CHILD_SA has the connection's name at both. Where several sites share the aggregator's
    connection, ``identity`` (as the aggregator sees it) tells them apart, or the ``user`` who has logged
    in. ``reaches`` are the prefixes that a split tunnel is for; without any it is for all. With ``gre``
    the SA has no ``if_id`` (0) and no reverse route is injected: routing brings one while the SA is there.
    """

    gateway: str
    gateway_address: IPv4Address
    gateway_connection: str
    site_connection: str
    address: IPv4Address
    identity: str
    profile: str
    vrf: str
    if_id: int
    rri: str
    user: str | None = None
    reaches: tuple[IPv4Network, ...] = ()
    gre: GreTunnel | None = None

    @property
    def access(self) -> str:
        """The way into the VPN, for people: by policy, as a user, or by GRE with a routing protocol."""
        way = f"gre {self.gre.routing}" if self.gre else "ipsec"
        return way if self.user is None else "user"

    def protected(self, lan: IPv4Network) -> str:
        """What the aggregator's SA protects at the site's end, as charon writes traffic selectors."""
        return f"{self.address}/32[gre]" if self.gre else str(lan)


@dataclass(frozen=True, slots=True)
class CoreEnd:
    """One end of a tunnel between PEs: its GRE interface, and its IKE connection with the other end.

    ``outer`` is what the IP network between them sees; ``inner`` is the address inside the tunnel.
    """

    node: str
    interface: str
    connection: str
    outer: IPv4Address
    inner: IPv4Address


@dataclass(frozen=True, slots=True)
class CoreTunnel:
    """A link of the core that is MPLS in GRE in IPsec transport mode; MTU in bytes."""

    a: CoreEnd
    b: CoreEnd
    mtu: int

    @property
    def ends(self) -> tuple[CoreEnd, CoreEnd]:
        """Both ends."""
        return self.a, self.b

    @property
    def name(self) -> str:
        """Both PEs, for people."""
        return f"{self.a.node} - {self.b.node}"


@dataclass(frozen=True, slots=True)
class Circuit:
    """How a far site reaches its VRF through a layer 2 network, with routing between both ends.

    ``interface`` and ``address`` are the PE's end (a sub-interface with the tag ``vlan`` of its trunk),
    ``far_address`` is the site's.
    """

    network: str
    vlan: int
    interface: str
    address: IPv4Address
    far_address: IPv4Address


@dataclass(frozen=True, slots=True)
class Site:
    """A customer site. ``host`` may exist in other VPNs as well; ``marker`` is unique across all.

    ``pe`` is the PE whose VRF holds the site: at its own interface, by a circuit of a layer 2 network
    (``circuit``), or through IPsec (``tunnel``).
    ``overlay`` is the mesh that hides it from the provider, whose VRF then has its router's circuit only.
    """

    name: str
    vpn: str
    node: str
    pe: str
    lan: IPv4Network
    host: IPv4Address
    marker: IPv4Address
    tunnel: Tunnel | None = None
    circuit: Circuit | None = None
    overlay: str | None = None


@dataclass(frozen=True, slots=True)
class Unprotected:
    """An off-net site whose profile is incomplete: it gets no SA, and its traffic is dropped and counted."""

    site: Site
    profile: str
    gateway_address: IPv4Address
    address: IPv4Address


@dataclass(frozen=True, slots=True)
class Vpn:
    """A customer's VPN as the provider numbers it."""

    name: str
    rd: str
    rt_import: tuple[str, ...]
    rt_export: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Network:
    """A whole lab, resolved. ``capture_point`` is where the wire proof listens.

    ``unprotected`` sites are no part of ``sites``.
    """

    name: str
    title: str
    crypto: Crypto
    asn: int
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    vpns: tuple[Vpn, ...]
    sites: tuple[Site, ...]
    capture_point: str
    unprotected: tuple[Unprotected, ...] = ()
    core_tunnels: tuple[CoreTunnel, ...] = ()
    warnings: tuple[str, ...] = ()
    overlays: tuple[Overlay, ...] = ()
    _by_name: dict[str, Node] = field(default_factory=dict, repr=False, compare=False)
    _sites_by_name: dict[str, Site] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._by_name.update({node.name: node for node in self.nodes})
        self._sites_by_name.update({site.name: site for site in self.sites})

    def node(self, name: str) -> Node:
        """The node of that name; KeyError if there is none."""
        return self._by_name[name]

    def vpn(self, name: str) -> Vpn:
        """The VPN of that name; KeyError if there is none."""
        for vpn in self.vpns:
            if vpn.name == name:
                return vpn
        raise KeyError(name)

    def site(self, name: str) -> Site:
        """The site of that name; KeyError if there is none."""
        return self._sites_by_name[name]

    def sites_of(self, vpn: str) -> tuple[Site, ...]:
        """All sites of one VPN, on-net and off-net."""
        return tuple(site for site in self.sites if site.vpn == vpn)

    def role(self, *roles: Role) -> tuple[Node, ...]:
        """All nodes that have one of these roles."""
        return tuple(node for node in self.nodes if node.role in roles)

    def core_tunnel(self, one: str, other: str) -> CoreTunnel | None:
        """The tunnel between two PEs, if there is one."""
        found = (tunnel for tunnel in self.core_tunnels if {end.node for end in tunnel.ends} == {one, other})
        return next(found, None)

    def adjacent(self, one: str, other: str) -> bool:
        """Whether a link or a tunnel of the core joins two nodes."""
        pairs = [(link.a.node, link.b.node) for link in self.links]
        joined = (one, other) in pairs or (other, one) in pairs
        return joined or self.core_tunnel(one, other) is not None

    def circuits(self) -> Iterator[tuple[Site, Circuit]]:
        """Every site behind a layer 2 network with its circuit."""
        return ((site, site.circuit) for site in self.sites if site.circuit is not None)

    def tunnels(self) -> Iterator[tuple[Site, Tunnel]]:
        """Every off-net site with its tunnel."""
        return ((site, site.tunnel) for site in self.sites if site.tunnel is not None)
