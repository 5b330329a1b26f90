"""Off-net sites by IPsec: their identity selects a profile, the profile a VRF (Examples 9-1 to 9-8)."""

from __future__ import annotations

from offnet.design.aggregator import ANYWHERE, aggregator_ends
from offnet.design.internet import FRONT_DOOR, access, access_link
from offnet.design.numbers import Numbers
from offnet.design.on_net import DEFAULT_ROUTE
from offnet.design.parts import Contribution, Part
from offnet.design.peers import Peer, resolve
from offnet.intent.models import LabIntent
from offnet.network.model import (
    ChildSa,
    Crypto,
    IkeConnection,
    Interface,
    InterfaceKind,
    Role,
    SharedSecret,
    Site,
    StaticRoute,
    Tunnel,
)

LAN = "lan"


def site_to_site(intent: LabIntent, numbers: Numbers, crypto: Crypto) -> Contribution:
    """Every site that reaches its VPN by a tunnel from a fixed address, with the aggregator's end of it."""
    peers = tuple(resolve(intent, numbers))
    parts = [part for peer in peers for part in (_spoke(peer, crypto), _internet_end(intent, peer))]
    parts += aggregator_ends(intent, numbers, peers, crypto)
    links = tuple(access_link(intent, peer.name) for peer in peers)
    return Contribution(tuple(parts), links, tuple(_site(peer) for peer in peers))


def _internet_end(intent: LabIntent, peer: Peer) -> Part:
    return access(intent, peer.name, peer.next_hop, peer.site.ipsec.address.network.prefixlen)


def _spoke(peer: Peer, crypto: Crypto) -> Part:
    lan = peer.lan
    return Part(
        peer.name,
        role=Role.SPOKE,
        interfaces=(
            Interface("lo", InterfaceKind.LOOPBACK),
            Interface(LAN, InterfaceKind.DUMMY, lan.interface(lan.router, lan.host, lan.marker)),
            Interface(FRONT_DOOR, InterfaceKind.VETH, (peer.site.ipsec.address,)),
        ),
        routes=(StaticRoute(DEFAULT_ROUTE, via=peer.next_hop, interface=FRONT_DOOR),),
        connections=(_spoke_connection(peer, crypto),),
        secrets=(SharedSecret(peer.gateway_name, (str(peer.gateway_address),), peer.secret.secret),),
        await_peers=(peer.gateway_address,),
    )


def _spoke_connection(peer: Peer, crypto: Crypto) -> IkeConnection:
    child = ChildSa(
        name=peer.gateway_name,
        local_ts=(str(peer.lan.prefix),),
        remote_ts=ANYWHERE,
        esp_proposals=peer.profile.esp.of(crypto),
        start_action="trap|start",
        dpd_action="trap",
        close_action="trap",
    )
    own = (str(peer.address), peer.identity)
    return peer.terms.connection(child, crypto, own=own, peer=peer.terms.gateway_end, rekey=True)


def _site(peer: Peer) -> Site:
    tunnel = Tunnel(
        gateway=peer.gateway_name,
        gateway_address=peer.gateway_address,
        gateway_connection=peer.connection,
        site_connection=peer.gateway_name,
        address=peer.address,
        identity=peer.identity.text,
        profile=peer.selector.profile,
        vrf=peer.vrf.name,
        if_id=peer.vrf.if_id,
        rri=peer.profile.rri,
    )
    lan = peer.lan
    return Site(
        peer.name, peer.site.vpn, peer.name, peer.gateway_name, lan.prefix, lan.host, lan.marker, tunnel
    )
