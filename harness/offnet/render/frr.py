"""FRR's configuration, by routing context: one file a daemon."""

from __future__ import annotations

from offnet.network.model import EdgeProtocol, Interface, Node, RoutingContext
from offnet.render.templates import template


def daemons(node: Node) -> tuple[str, ...]:
    """The FRR daemons of a node's first routing context."""
    return daemons_of(node.default)


def daemons_of(context: RoutingContext) -> tuple[str, ...]:
    """The FRR daemons of a routing context. mgmtd always: without it zebra polls for it every 10 ms."""
    spoken = {edge.protocol for edge in context.edges}
    configured = {
        "ospfd": context.ospf or EdgeProtocol.OSPF in spoken or context.nhrp,
        "bgpd": context.bgp or EdgeProtocol.EBGP in spoken,
        "ldpd": context.ldp,
        "eigrpd": EdgeProtocol.EIGRP in spoken,
        "nhrpd": context.nhrp,
    }
    chosen = [name for name, configuration in configured.items() if configuration]
    return ("mgmtd", "zebra", *chosen) if chosen else ()


def frr_files(node: Node, context: RoutingContext) -> dict[str, str]:
    """Text by path below the folder of the context."""
    doors = {door.vrf: door.addresses[0].network for door in doors_inside(node)}
    return {
        f"frr/{daemon}.conf": template(f"frr/{daemon}.conf.j2").render(
            node=node,
            context=context,
            ospf=context.ospf,
            ldp=context.ldp,
            bgp=context.bgp,
            nhrp=context.nhrp,
            vrfs=context.vrfs,
            doors=doors,
            edge=EdgeProtocol,
        )
        for daemon in daemons_of(context)
        if daemon != "mgmtd" or _filtered(context)
    }


def _filtered(context: RoutingContext) -> bool:
    """Whether zebra has to take some routes and to leave others."""
    by_edge = any(edge.accepted and edge.protocol is not EdgeProtocol.EBGP for edge in context.edges)
    return by_edge or bool(context.nhrp and context.nhrp.serves)


def doors_inside(node: Node) -> tuple[Interface, ...]:
    """Front doors that are in the VRF of a VPN: nothing but the tunnels themselves may use them."""
    vpns = {vrf.name for vrf in node.default.vrfs}
    return tuple(i for i in node.default.interfaces if i.front_door and i.vrf in vpns)
