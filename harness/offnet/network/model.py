"""The resolved network: what every node is, in the terms of the field.

Nothing here is computed: the design turns intent into these frozen values, the renderers
and the checks only read them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address

from offnet.network.aaa import RadiusServer
from offnet.network.clouds import Cloud
from offnet.network.crypto import Crypto
from offnet.network.ike import (
    AuthRound,
    BackupPeer,
    ChildSa,
    Drop,
    Identity,
    IdentityKind,
    IkeConnection,
    IkeDaemon,
    ReverseRoutePolicy,
    SharedSecret,
)
from offnet.network.links import CoreEnd, CoreTunnel, Endpoint, Link
from offnet.network.nhrp import Nhrp, NhrpMember
from offnet.network.overlay import Overlay, OverlayTunnel
from offnet.network.pki import (
    Authority,
    Certificate,
    CertificateAuthorities,
    Credentials,
    DistinguishedName,
    KeyType,
    Trust,
)
from offnet.network.routing import (
    MPLS_LABELS,
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
)
from offnet.network.sites import Circuit, GreTunnel, Handover, Site, Tunnel, Unprotected

__all__ = [
    "MPLS_LABELS",
    "AuthRound",
    "Authority",
    "BackupPeer",
    "Bgp",
    "BgpNeighbor",
    "Certificate",
    "CertificateAuthorities",
    "ChildSa",
    "Circuit",
    "Cloud",
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
    "Handover",
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
    "Nhrp",
    "NhrpMember",
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
    "Trust",
    "Tunnel",
    "Unprotected",
    "Vpn",
    "Vrf",
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


@dataclass(frozen=True, slots=True)
class Node:
    """One device. ``ike``, ``reverse_routes``, ``radius`` are empty without charon, agent, AAA server.

    ``authorities`` are those that it plays, ``credentials`` what it has of authorities.
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

    def context(self, name: str) -> RoutingContext:
        """The routing context of that name; KeyError if there is none."""
        for context in self.contexts:
            if context.name == name:
                return context
        raise KeyError(name)

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
    clouds: tuple[Cloud, ...] = ()
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

    def cloud(self, name: str) -> Cloud:
        """The cloud of that name; KeyError if there is none."""
        for cloud in self.clouds:
            if cloud.name == name:
                return cloud
        raise KeyError(name)

    def circuits(self) -> Iterator[tuple[Site, Circuit]]:
        """Every site behind a layer 2 network with its circuit."""
        return ((site, site.circuit) for site in self.sites if site.circuit is not None)

    def tunnels(self) -> Iterator[tuple[Site, Tunnel]]:
        """Every off-net site with its tunnel."""
        return ((site, site.tunnel) for site in self.sites if site.tunnel is not None)
