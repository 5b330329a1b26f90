"""The AAA server: a node that only the global table of one PE reaches, and what the aggregator asks of it."""

from __future__ import annotations

from offnet.design.addresses import far_end, with_length
from offnet.design.allocate import interface_name
from offnet.design.on_net import CE_UPLINK
from offnet.design.parts import Contribution, Part
from offnet.intent.models import LabIntent
from offnet.intent.remote_access import AaaServer
from offnet.network.aaa import RadiusAccess, RadiusGroup, RadiusServer, RadiusUser
from offnet.network.model import Endpoint, Interface, InterfaceKind, Link, Role

FROM_RADIUS = "radius"


def aaa(intent: LabIntent) -> Contribution:
    """Every AAA server with its link to the PE; no route leads to it, and it has none to anywhere."""
    parts = tuple(part for name, server in intent.aaa.items() for part in _connected(intent, name, server))
    links = tuple(
        Link(Endpoint(server.pe, interface_name(server.node)), Endpoint(server.node, CE_UPLINK))
        for server in intent.aaa.values()
    )
    return Contribution(parts, links)


def _connected(intent: LabIntent, name: str, server: AaaServer) -> tuple[Part, Part]:
    own, length = far_end(server.address), server.address.network.prefixlen
    pe_end = Interface(interface_name(server.node), InterfaceKind.VETH, (with_length(own, length),))
    server_end = Interface(CE_UPLINK, InterfaceKind.VETH, (server.address,))
    return (
        Part(server.pe, interfaces=(pe_end,), radius_access=_access(intent, name, server)),
        Part(
            server.node,
            role=Role.AAA,
            interfaces=(Interface("lo", InterfaceKind.LOOPBACK), server_end),
            radius=_server(intent, server),
        ),
    )


def _access(intent: LabIntent, name: str, server: AaaServer) -> RadiusAccess | None:
    """None where no profile uses the server."""
    users = {key: one.aaa for key, one in intent.profiles.items() if one.aaa and one.aaa.server == name}
    if not users:
        return None
    accounted = tuple(key for key, use in users.items() if use.accounting)
    return RadiusAccess(
        node=server.node,
        server=server.address.ip,
        source=far_end(server.address),
        secret=server.secret,
        nas=server.pe,
        authentication_port=server.authentication_port,
        accounting_port=server.accounting_port,
        accounting=bool(accounted),
        profiles=accounted,
        interim=server.interim,
        dae_secret=server.dae_secret,
    )


def _server(intent: LabIntent, server: AaaServer) -> RadiusServer:
    return RadiusServer(
        address=server.address.ip,
        client=far_end(server.address),
        secret=server.secret,
        authentication_port=server.authentication_port,
        accounting_port=server.accounting_port,
        interim=server.interim,
        users=tuple(
            RadiusUser(name, user.password, user.group, user.address, intent.groups[user.group].dns)
            for name, user in intent.users.items()
        ),
        groups=tuple(
            RadiusGroup(name, group.key or "", group.pool, group.dns, group.split)
            for name, group in intent.groups.items()
            if group.source == FROM_RADIUS
        ),
    )
