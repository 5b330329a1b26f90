"""Off-net sites as spokes of a DMVPN: one multipoint GRE interface for all of them (Example 9-26).

FRR's nhrpd does not work in a VRF. So the hub's end of the tunnel is in a routing context of its own on
the PE, whose outer addresses and SAs stay in the PE's global table; a pair of interfaces leads to the VRF.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Interface
from itertools import islice

from offnet.design.addresses import with_length
from offnet.design.aggregator import ANY_ADDRESS
from offnet.design.internet import FRONT_DOOR, attach
from offnet.design.lan import LAN
from offnet.design.numbers import Numbers
from offnet.design.parts import Contribution, Part
from offnet.design.peers import Peer, Terms, resolve
from offnet.intent import models as written
from offnet.network.model import (
    ChildSa,
    Cloud,
    Crypto,
    Edge,
    EdgeProtocol,
    GreTunnel,
    Handover,
    Identity,
    IkeConnection,
    Interface,
    InterfaceKind,
    Link,
    Nhrp,
    NhrpMember,
    Role,
    RoutingContext,
    Site,
    StaticRoute,
    Tunnel,
)

TUNNEL = "mgre"
UPLINK = "pe"  # of the hub's context, toward the VRF
SOURCE = "tunnel-source"
HOST = 32
SHORTCUT_REQID = 1 << 16
# GRE between the outer addresses of the IKE_SA, whatever they are.
PROTECTED = ("dynamic[gre]",)


@dataclass(frozen=True, slots=True)
class _Spoke:
    """A site of a cloud."""

    peer: Peer
    dmvpn: written.Dmvpn

    @property
    def address(self) -> IPv4Interface:
        """Its end of the tunnel: nhrpd takes a host address only."""
        return with_length(self.dmvpn.tunnel, HOST)


@dataclass(frozen=True, slots=True)
class _Hub:
    """A cloud with all that its two kinds of ends are made from."""

    name: str
    cloud: written.Cloud
    terms: Terms
    mark: int
    spokes: tuple[_Spoke, ...]

    @property
    def address(self) -> IPv4Interface:
        """The hub's end of the tunnel."""
        return with_length(next(self.cloud.tunnel.hosts()), HOST)

    @property
    def source(self) -> IPv4Address:
        """The hub's outer address."""
        return self.terms.door.address.ip

    @property
    def ends(self) -> tuple[IPv4Interface, IPv4Interface]:
        """The PE's and the context's address on what joins them."""
        link = self.cloud.link
        first, second = (with_length(host, link.prefixlen) for host in islice(link.hosts(), 2))
        return first, second

    @property
    def nhrp(self) -> Nhrp:
        """NHRP as the server has it."""
        return Nhrp(
            interface=TUNNEL,
            network_id=self.cloud.network_id,
            authentication=self.cloud.authentication,
            holdtime=self.cloud.holdtime,
            server=self.address.ip,
            shortcuts=self.cloud.shortcuts,
            members=tuple(
                NhrpMember(one.peer.name, one.dmvpn.tunnel, one.peer.lan.prefix) for one in self.spokes
            ),
        )


def dmvpn(intent: written.LabIntent, numbers: Numbers, crypto: Crypto) -> Contribution:
    """Every cloud's hub and every spoke."""
    hubs = _hubs(intent, numbers)
    parts = [part for gateway, source in _sources(intent) for part in _source(intent, gateway, source)]
    parts += [_hub(intent, hub, crypto) for hub in hubs]
    sites: list[Site] = []
    links: list[Link] = []
    for hub in hubs:
        for spoke in hub.spokes:
            way = attach(intent, spoke.peer.name, spoke.dmvpn.address)
            parts += [_spoke(hub, spoke, crypto), *way.parts]
            links += way.links
            sites.append(_site(hub, spoke))
    return Contribution(tuple(parts), tuple(links), tuple(sites))


def clouds(intent: written.LabIntent, numbers: Numbers) -> tuple[Cloud, ...]:
    """The clouds as the checks need them."""
    return tuple(
        Cloud(
            name=hub.name,
            vpn=hub.cloud.vpn,
            hub=hub.cloud.gateway,
            source=hub.source,
            interface=TUNNEL,
            key=hub.cloud.key,
            mark=hub.mark,
            mtu=hub.cloud.mtu,
            routing=EdgeProtocol.OSPF,
            nhrp=hub.nhrp,
            spokes=tuple(one.peer.name for one in hub.spokes),
        )
        for hub in _hubs(intent, numbers)
    )


def _hubs(intent: written.LabIntent, numbers: Numbers) -> list[_Hub]:
    spokes: dict[str, list[_Spoke]] = {name: [] for name in intent.clouds}
    for peer in resolve(intent, numbers, written.DmvpnSite):
        if isinstance(peer.site, written.DmvpnSite):
            spokes[peer.site.dmvpn.cloud].append(_Spoke(peer, peer.site.dmvpn))
    hubs = []
    for name, cloud in intent.clouds.items():
        gateway, profile = intent.gateways[cloud.gateway], intent.profiles[cloud.profile]
        door = gateway.doors()[None]
        if cloud.source is not None:
            door = replace(door, address=with_length(cloud.source, HOST))
        terms = Terms(gateway, door, cloud.profile, profile)
        hubs.append(_Hub(name, cloud, terms, numbers.vrfs[cloud.vpn].if_id, tuple(spokes[name])))
    return hubs


def _sources(intent: written.LabIntent) -> dict[tuple[str, IPv4Address], None]:
    """The loopback addresses that tunnels begin at, each once: clouds may share one."""
    named = ((cloud.gateway, cloud.source) for cloud in intent.clouds.values())
    return dict.fromkeys((gateway, source) for gateway, source in named if source is not None)


def _source(intent: written.LabIntent, gateway: str, source: IPv4Address) -> Iterator[Part]:
    """The address at the aggregator, and the Internet's way to it."""
    own = with_length(source, HOST)
    door = intent.gateways[gateway].doors()[None]
    yield Part(gateway, interfaces=(Interface(SOURCE, InterfaceKind.DUMMY, (own,)),))
    yield Part(intent.internet, routes=(StaticRoute(own.network, via=door.address.ip),))


def _hub(intent: written.LabIntent, hub: _Hub, crypto: Crypto) -> Part:
    near, far = hub.ends
    cloud, asn = hub.cloud, intent.provider.asn
    accepted = tuple(one.peer.lan.prefix for one in hub.spokes)
    return Part(
        cloud.gateway,
        interfaces=(
            Interface(hub.name, InterfaceKind.PAIR, (near,), vrf=cloud.vpn, context=hub.name, far=UPLINK),
        ),
        edges=(
            Edge(
                interface=hub.name,
                protocol=EdgeProtocol.EBGP,
                subnet=cloud.link,
                neighbor=far.ip,
                router_id=intent.provider.routers[cloud.gateway].loopback,
                asn=asn,
                neighbor_asn=cloud.asn,
                vrf=cloud.vpn,
                accepted=accepted,
            ),
        ),
        connections=(_hub_connection(hub, crypto),),
        contexts=(_context(hub, asn),),
    )


def _context(hub: _Hub, asn: int) -> RoutingContext:
    """Where the hub's nhrpd is: the tunnel's inner end, and the way to the VRF."""
    near, far = hub.ends
    tunnel = Interface(
        TUNNEL,
        InterfaceKind.MGRE,
        (hub.address,),
        local=hub.source,
        mtu=hub.cloud.mtu,
        key=hub.cloud.key,
        mark=hub.mark,
    )
    uplink = Edge(
        interface=UPLINK,
        protocol=EdgeProtocol.EBGP,
        subnet=hub.cloud.link,
        neighbor=near.ip,
        router_id=hub.address.ip,
        asn=hub.cloud.asn,
        neighbor_asn=asn,
    )
    return RoutingContext(
        name=hub.name,
        interfaces=(
            Interface("lo", InterfaceKind.LOOPBACK),
            tunnel,
            Interface(UPLINK, InterfaceKind.PAIR, (far,)),
        ),
        edges=(uplink,),
        nhrp=hub.nhrp,
    )


def _spoke(hub: _Hub, spoke: _Spoke, crypto: Crypto) -> Part:
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
        connections=tuple(_spoke_connections(hub, spoke, crypto)),
        await_peers=(hub.source,),
    )


def _hub_connection(hub: _Hub, crypto: Crypto) -> IkeConnection:
    """One for all spokes of a cloud, which begin: the profile's authority says who is one."""
    child = replace(_child(hub, _at_hub(hub), crypto), mark=hub.mark)
    rekey = crypto is Crypto.MODERN  # IKEv1 dies silently when both ends rekey an IKE_SA
    anybody = (ANY_ADDRESS, Identity.anybody())
    return hub.terms.connection(child, crypto, own=hub.terms.gateway_end, peer=anybody, rekey=rekey)


def _spoke_connections(hub: _Hub, spoke: _Spoke, crypto: Crypto) -> Iterator[IkeConnection]:
    """One to the hub, set up at once; one to whatever spoke a shortcut leads to."""
    own = (ANY_ADDRESS, spoke.peer.identity)
    to_hub = replace(
        _child(hub, hub.cloud.gateway, crypto),
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
    to_spokes = replace(_child(hub, hub.name, crypto), start_action="trap", reqid=SHORTCUT_REQID)
    yield replace(
        terms.connection(to_spokes, crypto, own=own, peer=anybody, rekey=crypto is Crypto.MODERN),
        unique="never",
    )


def _child(hub: _Hub, name: str, crypto: Crypto) -> ChildSa:
    return ChildSa(
        name=name,
        local_ts=PROTECTED,
        remote_ts=PROTECTED,
        esp_proposals=hub.terms.profile.esp.of(crypto),
        mode="transport",
    )


def _at_hub(hub: _Hub) -> str:
    """The name of the hub's connection."""
    return f"{hub.cloud.profile}-any"


def _site(hub: _Hub, spoke: _Spoke) -> Site:
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
            gateway_connection=_at_hub(hub),
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
