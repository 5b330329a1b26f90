"""What a node's kernel is told: sysctls, and `ip -batch` lines for links, addresses, VRFs and routes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from offnet.network.model import (
    MPLS_LABELS,
    FrontDoorVrf,
    Interface,
    InterfaceKind,
    Node,
    Role,
    RoutingContext,
    StaticRoute,
    Vrf,
)

# The local table is consulted after the VRF rule (1000), else a VPN user reaches the PE's own addresses.
LOCAL_TABLE_PREFERENCE = 32765
# Lower than any real route: a destination that the VRF lacks must not be looked up in the main table.
UNREACHABLE_METRIC = 4278198272
TTL = 64  # of tunnels; routing packets, whose own is 1, would not get far with a copy of that
_SILENCE = "net/ipv4/icmp_echo_ignore_all"


def sysctl_lines(node: Node) -> Iterator[str]:
    """Paths below /proc/sys and their values."""
    yield "net/ipv4/ip_forward=1"
    yield "net/ipv4/conf/all/rp_filter=0"
    yield "net/ipv4/conf/default/rp_filter=0"
    yield "net/ipv6/conf/all/disable_ipv6=1"
    yield "net/ipv6/conf/default/disable_ipv6=1"
    if node.ike and node.ike.awaited:
        yield f"{_SILENCE}=1"
    context = node.default
    if context.vrfs or context.front_doors:
        yield "net/ipv4/udp_l3mdev_accept=1"
        yield "net/ipv4/tcp_l3mdev_accept=1"
    if context.ldp:
        yield f"net/mpls/platform_labels={MPLS_LABELS}"
    for interface in context.interfaces:
        if interface.mpls and interface.kind is not InterfaceKind.GRE:
            yield _takes_labels(interface)


def tunnel_sysctl_lines(node: Node) -> Iterator[str]:
    """The same for interfaces that the node makes itself: their paths are there only afterwards."""
    for interface in node.default.interfaces:
        if interface.mpls and interface.kind is InterfaceKind.GRE:
            yield _takes_labels(interface)


def _takes_labels(interface: Interface) -> str:
    return f"net/mpls/conf/{interface.name}/input=1"


def loaded_lines(node: Node) -> Iterator[str]:
    """Sysctls once charon holds its connections: a node that is awaited then answers pings."""
    if node.ike and node.ike.awaited:
        yield f"{_SILENCE}=0"


def context_sysctl_lines() -> Iterator[str]:
    """Those of a routing context beside the default one."""
    yield "net/ipv4/ip_forward=1"
    for name in ("all", "default"):
        yield f"net/ipv4/conf/{name}/rp_filter=0"
        # Spokes that are told of each other by NHRP need no ICMP for it.
        yield f"net/ipv4/conf/{name}/send_redirects=0"
        yield f"net/ipv6/conf/{name}/disable_ipv6=1"


def batch_lines(context: RoutingContext, others: Sequence[RoutingContext] = ()) -> Iterator[str]:
    """Everything but the front door, in the order in which the kernel takes it.

    A tunnel of one of the ``others`` begins here: it is made here, and then moved.
    """
    for other in others:
        for interface in other.interfaces:
            if interface.kind is InterfaceKind.MGRE:
                yield _multipoint(interface)
                yield f"link set dev {interface.name} netns {other.name}"
    for vrf in context.vrfs:
        yield from _vrf(vrf)
    for door in context.front_doors:
        yield from _vrf(door)
    if context.vrfs or context.front_doors:
        yield f"rule add preference {LOCAL_TABLE_PREFERENCE} table local"
        yield "rule del preference 0"
    closed = {interface.name for interface in context.interfaces if interface.front_door}
    for interface in context.interfaces:
        yield from _interface(interface)
    for route in context.routes:
        if route.interface not in closed:
            yield _route(route)


def front_door_lines(context: RoutingContext) -> Iterator[str]:
    """Opens the Internet-facing interfaces; harmless when it is done again."""
    doors = {interface.name for interface in context.interfaces if interface.front_door}
    for name in sorted(doors):
        yield f"link set dev {name} up"
    for route in context.routes:
        if route.interface in doors:
            yield _route(route)


def _vrf(vrf: Vrf | FrontDoorVrf) -> Iterator[str]:
    yield f"link add {vrf.name} type vrf table {vrf.table}"
    yield f"link set dev {vrf.name} up"
    yield f"route add unreachable default table {vrf.table} metric {UNREACHABLE_METRIC}"


def _interface(interface: Interface) -> Iterator[str]:
    yield from _made(interface)
    if interface.mtu is not None:
        # Routing protocols send to groups; a GRE interface says of itself that it does not take them.
        yield f"link set dev {interface.name} mtu {interface.mtu} multicast on"
    master = interface.vrf or interface.bridge
    if master:
        yield f"link set dev {interface.name} master {master}"
    for address in interface.addresses:
        yield f"address add {address} dev {interface.name}"
    if not interface.front_door:
        yield f"link set dev {interface.name} up"


def _made(interface: Interface) -> Iterator[str]:
    """The line that makes an interface, where the node does so itself, and in this routing context."""
    if interface.kind is InterfaceKind.XFRM:
        parent = f"dev {interface.parent} " if interface.parent else ""
        yield f"link add {interface.name} type xfrm {parent}if_id {interface.if_id}"
    elif interface.kind is InterfaceKind.VLAN:
        yield f"link add link {interface.parent} name {interface.name} type vlan id {interface.vlan}"
    elif interface.kind in (InterfaceKind.DUMMY, InterfaceKind.BRIDGE):
        yield f"link add {interface.name} type {interface.kind}"
    elif interface.kind is InterfaceKind.GRE:
        ends = f"local {interface.local} remote {interface.remote}"
        yield f"link add {interface.name} type gre {ends} ttl {TTL}"
    elif interface.kind is InterfaceKind.MGRE and interface.parent:
        yield _multipoint(interface)
    elif interface.kind is InterfaceKind.PAIR and interface.context:
        far = f"peer name {interface.far} netns {interface.context}"
        yield f"link add {interface.name} type veth {far}"


def _multipoint(interface: Interface) -> str:
    """A GRE tunnel to whatever address NHRP tells; without a local one it has the address of its parent."""
    begins = f"dev {interface.parent}" if interface.parent else f"local {interface.local}"
    return f"link add {interface.name} type gre {begins} key {interface.key} ttl {TTL}"


def _route(route: StaticRoute) -> str:
    words = ["route", "replace", str(route.prefix)]
    if route.via:
        words += ["via", str(route.via)]
    if route.interface:
        words += ["dev", route.interface]
    if route.vrf:
        words += ["vrf", route.vrf]
    return " ".join(words)


def needs_guard(node: Node) -> bool:
    """What must stay closed to clear packets whatever charon does: a LAN, an inner address, GRE."""
    own = node.role in {Role.SPOKE, Role.CLIENT} or (node.role is Role.CE and node.ike is not None)
    return own or has_site_tunnels(node)


def has_site_tunnels(node: Node) -> bool:
    """Whether GRE tunnels of sites end on a node (those of the core carry labels)."""
    interfaces = [each for context in node.contexts for each in context.interfaces]
    kinds = {each.kind for each in interfaces if not each.mpls}
    return not kinds.isdisjoint({InterfaceKind.GRE, InterfaceKind.MGRE})
