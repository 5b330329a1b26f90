"""Off-net sites by IPsec: their identity selects a profile, the profile a VRF (Examples 9-1 to 9-8)."""

from __future__ import annotations

from dataclasses import replace

from offnet.design.aggregator import ANY_ADDRESS, ANYWHERE, aggregator_ends
from offnet.design.internet import attach, uplink
from offnet.design.lan import LAN
from offnet.design.numbers import Numbers
from offnet.design.parts import Contribution, Part
from offnet.design.peers import End, Peer, resolve, site_of, tunnel_of
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
        tuple(site_of(peer, tunnel_of(peer)) for peer in peers if not peer.incomplete),
        tuple(_unprotected(peer) for peer in peers if peer.incomplete),
    )


def _unprotected(peer: Peer) -> Unprotected:
    return Unprotected(site_of(peer, None), peer.selector.profile, peer.gateway_address, peer.address)


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
