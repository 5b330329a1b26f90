"""Spokes of a DMVPN: one tunnel, a connection to the hub, and one to whatever spoke a shortcut leads to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from offnet.design.aggregator import ANY_ADDRESS
from offnet.design.hubs import TUNNEL, Hub, Spoke, hub_connection_name, protection
from offnet.design.internet import FRONT_DOOR
from offnet.design.lan import LAN
from offnet.design.parts import Part
from offnet.network.model import (
    Crypto,
    Edge,
    EdgeProtocol,
    GreTunnel,
    Handover,
    Identity,
    IkeConnection,
    Interface,
    InterfaceKind,
    Role,
    Site,
    Tunnel,
)

SHORTCUT_REQID = 1 << 16


def spoke_part(hub: Hub, spoke: Spoke, crypto: Crypto) -> Part:
    """All that a spoke is, but for its way to the Internet."""
    peer, lan = spoke.peer, spoke.peer.lan
    tunnel = Interface(
        TUNNEL,
        InterfaceKind.MGRE,
        (spoke.address,),
        parent=FRONT_DOOR,
        mtu=hub.cloud.mtu,
        key=hub.cloud.key,
    )
    edge = Edge(
        interface=TUNNEL,
        protocol=EdgeProtocol.OSPF,
        subnet=hub.cloud.tunnel,
        neighbor=hub.address.ip,
        router_id=spoke.dmvpn.tunnel,
        lan=LAN,
        announced=(lan.prefix,),
        multipoint=True,
    )
    return Part(
        peer.name,
        role=Role.SPOKE,
        interfaces=(
            Interface("lo", InterfaceKind.LOOPBACK),
            Interface(LAN, InterfaceKind.DUMMY, lan.interface(lan.router, lan.host, lan.marker)),
            tunnel,
        ),
        edges=(edge,),
        nhrp=replace(hub.nhrp, nbma=hub.source, members=()),
        connections=tuple(_connections(hub, spoke, crypto)),
        await_peers=(hub.source,),
    )


def _connections(hub: Hub, spoke: Spoke, crypto: Crypto) -> Iterator[IkeConnection]:
    """One to the hub, set up at once; one to whatever spoke a shortcut leads to."""
    own = (ANY_ADDRESS, spoke.peer.identity)
    to_hub = replace(
        protection(hub, hub.cloud.gateway, crypto),
        start_action="trap|start",
        dpd_action="trap",
        close_action="trap",
    )
    terms = hub.terms
    yield replace(
        terms.connection(to_hub, crypto, own=own, peer=terms.gateway_end, rekey=True), tireless=True
    )
    anybody = (ANY_ADDRESS, Identity.anybody())
    # Both ends of a shortcut may begin at once: neither SA is to end the other one, and both must fit the
    # one policy that there is. Any other request ID is counted up from 1.
    to_spokes = replace(protection(hub, hub.name, crypto), start_action="trap", reqid=SHORTCUT_REQID)
    yield replace(
        terms.connection(to_spokes, crypto, own=own, peer=anybody, rekey=crypto is Crypto.MODERN),
        unique="never",
    )


def spoke_site(hub: Hub, spoke: Spoke) -> Site:
    """The spoke as the checks need it."""
    peer, lan = spoke.peer, spoke.peer.lan
    _, context = hub.ends
    tunnel = GreTunnel(
        gateway_interface=TUNNEL,
        gateway_inside=hub.address,
        site_interface=TUNNEL,
        site_inside=spoke.address,
        mtu=hub.cloud.mtu,
        routing=EdgeProtocol.OSPF,
        cloud=hub.name,
        handover=Handover(hub.name, context.ip, EdgeProtocol.EBGP),
    )
    return Site(
        peer.name,
        peer.site.vpn,
        peer.name,
        peer.gateway_name,
        lan.prefix,
        lan.host,
        lan.marker,
        Tunnel(
            gateway=peer.gateway_name,
            gateway_address=hub.source,
            gateway_connection=hub_connection_name(hub),
            site_connection=peer.gateway_name,
            address=spoke.dmvpn.address.ip,
            identity=peer.identity.text,
            profile=hub.cloud.profile,
            vrf=hub.cloud.vpn,
            if_id=0,
            rri="dynamic",
            gre=tunnel,
        ),
    )
