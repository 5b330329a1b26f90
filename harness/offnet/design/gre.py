"""Off-net sites by GRE in IPsec transport mode, with routing over the tunnel (Example 9-25)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from itertools import islice

from offnet.design.addresses import with_length
from offnet.design.allocate import interface_name
from offnet.design.internet import attach
from offnet.design.lan import LAN
from offnet.design.numbers import Numbers
from offnet.design.parts import Contribution, Part
from offnet.design.peers import Peer, resolve, site_of, tunnel_of
from offnet.design.site_to_site import spoke_secrets
from offnet.intent.models import Gre, GreSite, LabIntent
from offnet.network.model import (
    ChildSa,
    Crypto,
    Edge,
    EdgeProtocol,
    GreTunnel,
    IkeConnection,
    Interface,
    InterfaceKind,
    Role,
    Site,
)

SITE_TUNNEL = "gre1"  # not gre0: the kernel has that one
# The outer addresses of the IKE_SA, and GRE between them alone.
PROTECTED = ("dynamic[gre]",)


@dataclass(frozen=True, slots=True)
class _GrePeer:
    """A site with its tunnel."""

    peer: Peer
    gre: Gre
    tunnel: GreTunnel

    @property
    def address(self) -> IPv4Address:
        """The site's outer address."""
        return self.peer.address


def gre(intent: LabIntent, numbers: Numbers, crypto: Crypto) -> Contribution:
    """Every site that reaches its VPN by a GRE tunnel, with the aggregator's end of it."""
    sites = [
        _GrePeer(peer, peer.site.gre, _tunnel(peer, peer.site.gre))
        for peer in resolve(intent, numbers, GreSite)
        if isinstance(peer.site, GreSite)
    ]
    ways = [attach(intent, one.peer.name, one.gre.address) for one in sites]
    parts = [
        part
        for one, way in zip(sites, ways, strict=True)
        for part in (_spoke(intent, one, crypto), *way.parts, _aggregator(intent, one, crypto))
    ]
    links = tuple(link for way in ways for link in way.links)
    return Contribution(tuple(parts), links, tuple(_site(one) for one in sites))


def _tunnel(peer: Peer, gre: Gre) -> GreTunnel:
    first, second = islice(gre.tunnel.hosts(), 2)
    return GreTunnel(
        gateway_interface=interface_name(peer.name),
        gateway_inside=with_length(first, gre.tunnel.prefixlen),
        site_interface=SITE_TUNNEL,
        site_inside=with_length(second, gre.tunnel.prefixlen),
        mtu=gre.mtu,
        routing=gre.routing,
    )


def _spoke(intent: LabIntent, one: _GrePeer, crypto: Crypto) -> Part:
    peer, lan = one.peer, one.peer.lan
    tunnel = Interface(
        SITE_TUNNEL,
        InterfaceKind.GRE,
        (one.tunnel.site_inside,),
        local=one.address,
        remote=peer.gateway_address,
        mtu=one.tunnel.mtu,
    )
    return Part(
        peer.name,
        role=Role.SPOKE,
        interfaces=(
            Interface("lo", InterfaceKind.LOOPBACK),
            Interface(LAN, InterfaceKind.DUMMY, lan.interface(lan.router, lan.host, lan.marker)),
            tunnel,
        ),
        edges=(_site_edge(intent, one),),
        connections=(_site_connection(one, crypto),),
        secrets=spoke_secrets(peer),
        await_peers=(peer.gateway_address,),
    )


def _aggregator(intent: LabIntent, one: _GrePeer, crypto: Crypto) -> Part:
    peer = one.peer
    tunnel = Interface(
        one.tunnel.gateway_interface,
        InterfaceKind.GRE,
        (one.tunnel.gateway_inside,),
        vrf=peer.vrf.name,
        local=peer.gateway_address,
        remote=one.address,
        mtu=one.tunnel.mtu,
    )
    return Part(
        peer.gateway_name,
        interfaces=(tunnel,),
        edges=(_aggregator_edge(intent, one),),
        connections=(_aggregator_connection(one, crypto),),
        secrets=(peer.secret,) if peer.secret else (),
    )


def _site_connection(one: _GrePeer, crypto: Crypto) -> IkeConnection:
    # A trap alone: routing speaks at once, and what a trap has asked for is not asked for twice.
    child = ChildSa(
        name=one.peer.gateway_name,
        local_ts=PROTECTED,
        remote_ts=PROTECTED,
        esp_proposals=one.peer.profile.esp.of(crypto),
        mode="transport",
        start_action="trap",
        dpd_action="trap",
        close_action="trap",
    )
    own = (str(one.gre.address.ip), one.peer.identity)
    terms = one.peer.terms
    return replace(
        terms.connection(child, crypto, own=own, peer=terms.gateway_end, rekey=True), tireless=True
    )


def _aggregator_connection(one: _GrePeer, crypto: Crypto) -> IkeConnection:
    peer = one.peer
    child = ChildSa(
        name=peer.name,
        local_ts=PROTECTED,
        remote_ts=PROTECTED,
        esp_proposals=peer.profile.esp.of(crypto),
        mode="transport",
    )
    end = (str(peer.address), peer.identity)
    rekey = crypto is Crypto.MODERN  # IKEv1 dies silently when both ends rekey an IKE_SA
    return peer.terms.connection(child, crypto, own=peer.terms.gateway_end, peer=end, rekey=rekey)


def _aggregator_edge(intent: LabIntent, one: _GrePeer) -> Edge:
    return Edge(
        interface=one.tunnel.gateway_interface,
        protocol=one.gre.routing,
        subnet=one.gre.tunnel,
        neighbor=one.tunnel.site_inside.ip,
        router_id=intent.provider.routers[one.peer.gateway_name].loopback,
        asn=intent.provider.asn,
        neighbor_asn=_asn(one),
        vrf=one.peer.vrf.name,
        accepted=(one.peer.lan.prefix,),
    )


def _site_edge(intent: LabIntent, one: _GrePeer) -> Edge:
    return Edge(
        interface=SITE_TUNNEL,
        protocol=one.gre.routing,
        subnet=one.gre.tunnel,
        neighbor=one.tunnel.gateway_inside.ip,
        router_id=one.tunnel.site_inside.ip,
        asn=_asn(one),
        neighbor_asn=intent.provider.asn,
        lan=LAN,
        announced=(one.peer.lan.prefix,),
    )


def _asn(one: _GrePeer) -> int | None:
    return one.gre.asn if one.gre.routing is EdgeProtocol.EBGP else None


def _site(one: _GrePeer) -> Site:
    """Routing brings a route while there is an SA, which belongs to no VRF: the tunnel interface does."""
    return site_of(one.peer, replace(tunnel_of(one.peer), if_id=0, rri="dynamic", gre=one.tunnel))
