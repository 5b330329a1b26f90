"""Off-net sites by IPsec: their identity selects a profile, the profile a VRF (Examples 9-1 to 9-8)."""

from __future__ import annotations

from dataclasses import replace

from offnet.design.aggregator import ANY_ADDRESS, ANYWHERE, aggregator_ends
from offnet.design.allocate import interface_name
from offnet.design.internet import attach, uplink
from offnet.design.lan import LAN
from offnet.design.numbers import Numbers
from offnet.design.parts import Contribution, Part
from offnet.design.peers import End, Peer, resolve
from offnet.intent.models import IpsecSite, LabIntent
from offnet.network.model import (
    ChildSa,
    Crypto,
    Identity,
    IdentityKind,
    IkeConnection,
    Interface,
    InterfaceKind,
    Role,
    SharedSecret,
    Site,
    Tunnel,
    Unprotected,
)


def site_to_site(intent: LabIntent, numbers: Numbers, crypto: Crypto) -> Contribution:
    """Every site that reaches its VPN by a tunnel from a fixed address, with the aggregator's end of it."""
    peers = tuple(resolve(intent, numbers, IpsecSite))
    ways = tuple(_way(intent, peer) for peer in peers)
    parts = [
        part for peer, way in zip(peers, ways, strict=True) for part in (_spoke(peer, crypto), *way.parts)
    ]
    parts += aggregator_ends(intent, numbers, peers, crypto)
    links = tuple(link for way in ways for link in way.links)
    return Contribution(
        tuple(parts),
        links,
        tuple(_site(peer) for peer in peers if not peer.incomplete),
        tuple(_unprotected(peer) for peer in peers if peer.incomplete),
    )


def _unprotected(peer: Peer) -> Unprotected:
    site = replace(_site(peer), tunnel=None)
    return Unprotected(site, peer.selector.profile, peer.gateway_address, peer.address)


def _way(intent: LabIntent, peer: Peer) -> Contribution:
    """The site's own circuit to its aggregator, or the Internet."""
    address = peer.site.access.address
    if peer.site.on_circuit:
        return uplink(peer.name, address, peer.gateway_name, front_door=True)
    return attach(intent, peer.name, address, peer.site.behind, peer.door.name)


def _spoke(peer: Peer, crypto: Crypto) -> Part:
    lan = peer.lan
    return Part(
        peer.name,
        role=Role.CE if peer.site.on_circuit else Role.SPOKE,
        interfaces=(
            Interface("lo", InterfaceKind.LOOPBACK),
            Interface(LAN, InterfaceKind.DUMMY, lan.interface(lan.router, lan.host, lan.marker)),
        ),
        connections=(_spoke_connection(peer, crypto),),
        secrets=spoke_secrets(peer),
        await_peers=(peer.gateway_address,),
    )


def spoke_secrets(peer: Peer) -> tuple[SharedSecret, ...]:
    """The site's key of its aggregator; none where it has a certificate."""
    if peer.secret is None:
        return ()
    return (SharedSecret(peer.gateway_name, (str(peer.gateway_address),), peer.secret.secret),)


def _spoke_connection(peer: Peer, crypto: Crypto) -> IkeConnection:
    child = ChildSa(
        name=peer.gateway_name,
        local_ts=(str(peer.lan.prefix),),
        remote_ts=ANYWHERE,
        esp_proposals=peer.profile.esp.of(crypto),
        start_action="trap|start",
        dpd_action="restart",  # the VPN reaches the site again without a packet from the site
        close_action="trap",
    )
    own: End = (str(peer.site.access.address.ip), peer.identity)
    if peer.site.dynamic:  # whatever address it has when it asks
        own = (
            ANY_ADDRESS,
            Identity.anybody() if peer.identity.kind is IdentityKind.ADDRESS else peer.identity,
        )
    connection = peer.terms.connection(child, crypto, own=own, peer=peer.terms.gateway_end, rekey=True)
    return replace(connection, tireless=True)


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
        circuit=interface_name(peer.name) if peer.site.on_circuit else None,
    )
    lan = peer.lan
    return Site(
        peer.name, peer.site.vpn, peer.name, peer.gateway_name, lan.prefix, lan.host, lan.marker, tunnel
    )
