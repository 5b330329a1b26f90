"""Off-net sites by IPsec: their identity selects a profile, the profile a VRF (Examples 9-1 to 9-8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from offnet.design.aggregator import ANY_ADDRESS, ANYWHERE, aggregator_ends
from offnet.design.internet import attach, uplink
from offnet.design.lan import LAN
from offnet.design.numbers import Numbers
from offnet.design.parts import Contribution, Part
from offnet.design.peers import End, Peer, resolve, site_of, tunnel_of
from offnet.intent.models import IpsecSite, LabIntent, OnNetSite
from offnet.network.model import (
    BackupPeer,
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
    Unprotected,
)

# Seconds without an SA until the backup is asked: a peer that only ended its SA is back by then.
HOLD = 1


def site_to_site(intent: LabIntent, numbers: Numbers, crypto: Crypto) -> Contribution:
    """Every site that reaches its VPN by a tunnel from a fixed address, with the aggregator's end of it."""
    everywhere = tuple(resolve(intent, numbers, IpsecSite))
    peers = tuple(peer for peer in everywhere if not peer.backup)
    backups = {peer.name: peer for peer in everywhere if peer.backup}
    ways = tuple(_way(intent, peer) for peer in peers)
    parts = [
        part
        for peer, way in zip(peers, ways, strict=True)
        for part in (_spoke(peer, backups.get(peer.name), crypto), *way.parts)
    ]
    parts += aggregator_ends(intent, numbers, everywhere, crypto)
    parts += [part for peer in backups.values() for part in _taking_over(intent, peer)]
    links = tuple(link for way in ways for link in way.links)
    return Contribution(
        tuple(parts),
        links,
        tuple(_site(peer, backups.get(peer.name)) for peer in peers if not peer.incomplete),
        tuple(_unprotected(peer) for peer in peers if peer.incomplete),
    )


def _taking_over(intent: LabIntent, peer: Peer) -> Iterator[Part]:
    """Either aggregator answers only once the core has brought it the on-net sites of the peer's VPN."""
    links = [set(link.between) for link in intent.provider.links]
    on_net = [site for site in intent.sites.values() if isinstance(site, OnNetSite)]
    for own in peer.site.gateways:
        far = {site.pe for site in on_net if site.vpn == peer.site.vpn} - {own}
        if far:
            labels = 1 if any({own, pe} in links for pe in far) else 2  # neighbours leave LDP's out
            yield Part(own, await_tables=((peer.vrf.table, labels),))


def _unprotected(peer: Peer) -> Unprotected:
    return Unprotected(site_of(peer, None), peer.selector.profile, peer.gateway_address, peer.address)


def _way(intent: LabIntent, peer: Peer) -> Contribution:
    """The site's own circuit to its aggregator, or the Internet."""
    address = peer.site.access.address
    if peer.site.on_circuit:
        return uplink(peer.name, address, peer.gateway_name, front_door=True)
    return attach(intent, peer.name, address, peer.site.behind, peer.door.name)


def _spoke(peer: Peer, backup: Peer | None, crypto: Crypto) -> Part:
    lan = peer.lan
    peers = (peer, backup) if backup else (peer,)
    return Part(
        peer.name,
        role=Role.CE if peer.site.on_circuit else Role.SPOKE,
        interfaces=(
            Interface("lo", InterfaceKind.LOOPBACK),
            Interface(LAN, InterfaceKind.DUMMY, lan.interface(lan.router, lan.host, lan.marker)),
        ),
        connections=tuple(_spoke_connection(one, crypto) for one in peers),
        secrets=tuple(secret for one in peers for secret in spoke_secrets(one)),
        await_peers=tuple(one.gateway_address for one in peers),
        backup=_backup_peer(peer, backup) if backup else None,
    )


def _backup_peer(peer: Peer, backup: Peer) -> BackupPeer:
    return BackupPeer(peer.gateway_name, backup.gateway_name, peer.gateway.dpd.timeout, HOLD)


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
    )
    if not peer.backup:  # a backup is the agent's to ask for, and to give up
        # The VPN reaches the site again without a packet from the site.
        child = replace(child, start_action="start", dpd_action="restart")
    if len(peer.site.gateways) == 1:  # without an agent that asks, a packet does
        child = replace(child, start_action="trap|start", close_action="trap")
    own: End = (str(peer.site.access.address.ip), peer.identity)
    if peer.site.dynamic:  # whatever address it has when it asks
        own = (
            ANY_ADDRESS,
            Identity.anybody() if peer.identity.kind is IdentityKind.ADDRESS else peer.identity,
        )
    connection = peer.terms.connection(child, crypto, own=own, peer=peer.terms.gateway_end, rekey=True)
    return replace(connection, tireless=not peer.backup)


def _site(peer: Peer, backup: Peer | None) -> Site:
    return replace(site_of(peer, tunnel_of(peer)), backup=tunnel_of(backup) if backup else None)
