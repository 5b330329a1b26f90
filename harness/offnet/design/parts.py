"""What one rule of the design adds to one node; nodes are assembled from parts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address

from offnet.network.aaa import AddressPool, RadiusAccess, RadiusServer
from offnet.network.ike import GroupDownload
from offnet.network.model import (
    BackupPeer,
    Bgp,
    CertificateAuthorities,
    Credentials,
    Drop,
    Edge,
    FrontDoorVrf,
    IkeConnection,
    IkeDaemon,
    Interface,
    Ldp,
    Link,
    Nhrp,
    Node,
    Ospf,
    ReverseRoutePolicy,
    Role,
    RoutingContext,
    SharedSecret,
    Site,
    StaticRoute,
    Unprotected,
    Vrf,
)


@dataclass(frozen=True, slots=True)
class Part:
    """A contribution to a node. Exactly one part of a node gives its role.

    ``contexts`` are routing contexts beside the default one, which all else here belongs to.
    """

    node: str
    role: Role | None = None
    interfaces: tuple[Interface, ...] = ()
    vrfs: tuple[Vrf, ...] = ()
    front_doors: tuple[FrontDoorVrf, ...] = ()
    routes: tuple[StaticRoute, ...] = ()
    ospf: Ospf | None = None
    ldp: Ldp | None = None
    bgp: Bgp | None = None
    edges: tuple[Edge, ...] = ()
    nhrp: Nhrp | None = None
    contexts: tuple[RoutingContext, ...] = ()
    connections: tuple[IkeConnection, ...] = ()
    secrets: tuple[SharedSecret, ...] = ()
    policies: tuple[ReverseRoutePolicy, ...] = ()
    await_peers: tuple[IPv4Address, ...] = ()
    awaited: bool = False
    drops: tuple[Drop, ...] = ()
    pools: tuple[AddressPool, ...] = ()
    downloads: tuple[GroupDownload, ...] = ()
    radius_access: RadiusAccess | None = None
    radius: RadiusServer | None = None
    backup: BackupPeer | None = None
    await_tables: tuple[tuple[int, int], ...] = ()
    authorities: CertificateAuthorities | None = None
    credentials: Credentials | None = None


@dataclass(frozen=True, slots=True)
class Contribution:
    """Everything that one rule adds to the network."""

    parts: tuple[Part, ...] = ()
    links: tuple[Link, ...] = ()
    sites: tuple[Site, ...] = ()
    unprotected: tuple[Unprotected, ...] = ()


def assemble(parts: Iterable[Part]) -> tuple[Node, ...]:
    """Nodes from their parts, in the order in which their first parts come."""
    by_node: dict[str, list[Part]] = defaultdict(list)
    for part in parts:
        by_node[part.node].append(part)
    return tuple(_node(name, tuple(own)) for name, own in by_node.items())


def _node(name: str, parts: tuple[Part, ...]) -> Node:
    role = next(part.role for part in parts if part.role is not None)
    context = RoutingContext(
        name="default",
        interfaces=tuple(interface for part in parts for interface in part.interfaces),
        vrfs=tuple(vrf for part in parts for vrf in part.vrfs),
        front_doors=tuple(vrf for part in parts for vrf in part.front_doors),
        routes=tuple(route for part in parts for route in part.routes),
        ospf=next((part.ospf for part in parts if part.ospf), None),
        ldp=next((part.ldp for part in parts if part.ldp), None),
        bgp=next((part.bgp for part in parts if part.bgp), None),
        edges=tuple(edge for part in parts for edge in part.edges),
        nhrp=next((part.nhrp for part in parts if part.nhrp), None),
    )
    return Node(
        name=name,
        role=role,
        contexts=(context, *(other for part in parts for other in part.contexts)),
        ike=_ike(parts),
        reverse_routes=tuple(policy for part in parts for policy in part.policies),
        drops=tuple(drop for part in parts for drop in part.drops),
        radius=next((part.radius for part in parts if part.radius), None),
        authorities=next((part.authorities for part in parts if part.authorities), None),
        credentials=next((part.credentials for part in parts if part.credentials), None),
    )


def _ike(parts: tuple[Part, ...]) -> IkeDaemon | None:
    connections = tuple(connection for part in parts for connection in part.connections)
    downloads = tuple(download for part in parts for download in part.downloads)
    if not connections and not downloads:
        return None
    return IkeDaemon(
        connections,
        secrets=tuple(dict.fromkeys(secret for part in parts for secret in part.secrets)),
        await_peers=tuple(peer for part in parts for peer in part.await_peers),
        awaited=any(part.awaited for part in parts),
        pools=tuple(pool for part in parts for pool in part.pools),
        downloads=downloads,
        radius=next((part.radius_access for part in parts if part.radius_access), None),
        backup=next((part.backup for part in parts if part.backup), None),
        await_tables=tuple(dict.fromkeys(table for part in parts for table in part.await_tables)),
    )
