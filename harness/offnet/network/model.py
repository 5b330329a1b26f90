"""The resolved network: what every node is, in the terms of the field.

Nothing here is computed: the design turns intent into these frozen values, the renderers
and the checks only read them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network


class Role(StrEnum):
    """What a node is for; also its tier in drawings."""

    PE = "pe"
    P = "p"
    CE = "ce"
    SPOKE = "spoke"
    INTERNET = "internet"


class Crypto(StrEnum):
    """The crypto variant a lab runs with."""

    AS_PRINTED = "as-printed"
    MODERN = "modern"


class InterfaceKind(StrEnum):
    """How an interface comes to be: given by the runtime (veth) or made by the node itself."""

    LOOPBACK = "loopback"
    VETH = "veth"
    DUMMY = "dummy"
    XFRM = "xfrm"


@dataclass(frozen=True, slots=True)
class Vrf:
    """A VRF of a PE. ``if_id`` binds SAs to it (XFRM interface); RD and RT as RFC 4364 writes them."""

    name: str
    table: int
    if_id: int
    rd: str
    rt_import: tuple[str, ...]
    rt_export: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface of a routing context.

    ``vrf`` is the VRF it is enslaved to. ``mpls`` says that it takes labelled packets.
    ``parent`` and ``if_id`` belong to XFRM interfaces. ``front_door`` marks the Internet-facing
    interface of an aggregator: it is opened only once charon holds its connections.
    """

    name: str
    kind: InterfaceKind
    addresses: tuple[IPv4Interface, ...] = ()
    vrf: str | None = None
    mpls: bool = False
    parent: str | None = None
    if_id: int | None = None
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
    """OSPFv2, area 0, all interfaces point-to-point but the passive loopback."""

    router_id: IPv4Address
    interfaces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ldp:
    """LDP (RFC 5036). ``peers`` are the neighbours' transport addresses, awaited before ldpd starts."""

    router_id: IPv4Address
    interfaces: tuple[str, ...]
    peers: tuple[IPv4Address, ...]


@dataclass(frozen=True, slots=True)
class BgpNeighbor:
    """One iBGP neighbour in address family VPNv4."""

    name: str
    address: IPv4Address


@dataclass(frozen=True, slots=True)
class Bgp:
    """MP-BGP for VPNv4 (RFC 4364), sessions sourced from the loopback."""

    asn: int
    router_id: IPv4Address
    neighbors: tuple[BgpNeighbor, ...]


@dataclass(frozen=True, slots=True)
class RoutingContext:
    """A network namespace with its own FRR instance. The first of a node is called ``default``."""

    name: str
    interfaces: tuple[Interface, ...]
    vrfs: tuple[Vrf, ...] = ()
    routes: tuple[StaticRoute, ...] = ()
    ospf: Ospf | None = None
    ldp: Ldp | None = None
    bgp: Bgp | None = None

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


@dataclass(frozen=True, slots=True)
class AuthRound:
    """One side's authentication, as swanctl's local/remote sections have it."""

    auth: str
    id: str


@dataclass(frozen=True, slots=True)
class ChildSa:
    """A CHILD_SA configuration in swanctl's terms."""

    name: str
    local_ts: tuple[str, ...]
    remote_ts: tuple[str, ...]
    esp_proposals: tuple[str, ...]
    mode: str = "tunnel"
    if_id: int | None = None
    start_action: str = "none"
    dpd_action: str = "clear"
    close_action: str = "none"


@dataclass(frozen=True, slots=True)
class IkeConnection:
    """An IKE connection in swanctl's terms; ``profile`` and ``keyring`` are where it comes from.

    ``rekey`` is false at the end that must not start an IKEv1 rekey (only one end may).
    """

    name: str
    version: int
    local_addresses: tuple[str, ...]
    remote_addresses: tuple[str, ...]
    local: AuthRound
    remote: AuthRound
    proposals: tuple[str, ...]
    dpd_delay: int
    dpd_timeout: int
    children: tuple[ChildSa, ...]
    rekey: bool = True
    profile: str | None = None
    keyring: str | None = None


@dataclass(frozen=True, slots=True)
class SharedSecret:
    """A pre-shared key and the IKE identities that own it."""

    name: str
    owners: tuple[str, ...]
    secret: str


@dataclass(frozen=True, slots=True)
class IkeDaemon:
    """What charon of one node holds. ``await_peers`` are answered by ping before connections load."""

    connections: tuple[IkeConnection, ...]
    secrets: tuple[SharedSecret, ...]
    await_peers: tuple[IPv4Address, ...] = ()


@dataclass(frozen=True, slots=True)
class ReverseRoutePolicy:
    """What the agent may inject for one connection: these prefixes, into this VRF, by this interface.

    ``static`` keeps the route while the SA is down (as IOS static crypto maps do).
    """

    connection: str
    vrf: str
    table: int
    interface: str
    prefixes: tuple[IPv4Network, ...]
    static: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """One device. ``ike`` and ``reverse_routes`` are empty where it has no charon or no agent."""

    name: str
    role: Role
    contexts: tuple[RoutingContext, ...]
    ike: IkeDaemon | None = None
    reverse_routes: tuple[ReverseRoutePolicy, ...] = ()

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
        for connection in self.ike.connections if self.ike else ():
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
class Tunnel:
    """How an off-net site reaches its VPN: which SA at which end, into which VRF.

    ``address`` is the site's outer address; ``gateway_address`` the aggregator's.
    ``gateway_connection``/``site_connection`` name the IKE connection at each end; the
    CHILD_SA has the connection's name at both.
    """

    gateway: str
    gateway_address: IPv4Address
    gateway_connection: str
    site_connection: str
    address: IPv4Address
    profile: str
    vrf: str
    if_id: int
    rri: str


@dataclass(frozen=True, slots=True)
class Site:
    """A customer site. ``host`` may exist in other VPNs as well; ``marker`` is unique across all.

    ``pe`` is the PE whose VRF holds the site: by a circuit (``tunnel`` is None) or through IPsec.
    """

    name: str
    vpn: str
    node: str
    pe: str
    lan: IPv4Network
    host: IPv4Address
    marker: IPv4Address
    tunnel: Tunnel | None = None


@dataclass(frozen=True, slots=True)
class Vpn:
    """A customer's VPN as the provider numbers it."""

    name: str
    rd: str
    rt_import: tuple[str, ...]
    rt_export: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Network:
    """A whole lab, resolved. ``capture_point`` is where the wire proof listens."""

    name: str
    title: str
    crypto: Crypto
    asn: int
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    vpns: tuple[Vpn, ...]
    sites: tuple[Site, ...]
    capture_point: str
    warnings: tuple[str, ...] = ()
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

    def tunnels(self) -> Iterator[tuple[Site, Tunnel]]:
        """Every off-net site with its tunnel."""
        return ((site, site.tunnel) for site in self.sites if site.tunnel is not None)
