"""Off-net sites as spokes of a DMVPN: one multipoint GRE interface for all of them (Example 9-26).

FRR's nhrpd does not work in a VRF. So the hub's end of the tunnel is in a routing context of its own on
the PE, whose outer addresses and SAs stay in the PE's global table; a pair of interfaces leads to the VRF.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address

from offnet.design.addresses import with_length
from offnet.design.aggregator import ANY_ADDRESS
from offnet.design.hubs import HOST, SOURCE, TUNNEL, UPLINK, Hub, hub_connection_name, hubs, protection
from offnet.design.internet import attach
from offnet.design.numbers import Numbers
from offnet.design.parts import Contribution, Part
from offnet.design.spokes import spoke_part, spoke_site
from offnet.intent import models as written
from offnet.network.model import (
    Cloud,
    Crypto,
    Edge,
    EdgeProtocol,
    Identity,
    IkeConnection,
    Interface,
    InterfaceKind,
    Link,
    RoutingContext,
    Site,
    StaticRoute,
)


def dmvpn(intent: written.LabIntent, numbers: Numbers, crypto: Crypto) -> Contribution:
    """Every cloud's hub and every spoke."""
    found = hubs(intent, numbers)
    parts = [part for gateway, source in _sources(intent) for part in _source(intent, gateway, source)]
    parts += [_hub(intent, hub, crypto) for hub in found]
    sites: list[Site] = []
    links: list[Link] = []
    for hub in found:
        for spoke in hub.spokes:
            way = attach(intent, spoke.peer.name, spoke.dmvpn.address)
            parts += [spoke_part(hub, spoke, crypto), *way.parts]
            links += way.links
            sites.append(spoke_site(hub, spoke))
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
        for hub in hubs(intent, numbers)
    )


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


def _hub(intent: written.LabIntent, hub: Hub, crypto: Crypto) -> Part:
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


def _context(hub: Hub, asn: int) -> RoutingContext:
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


def _hub_connection(hub: Hub, crypto: Crypto) -> IkeConnection:
    """One for all spokes of a cloud, which begin: the profile's authority says who is one."""
    child = replace(protection(hub, hub_connection_name(hub), crypto), mark=hub.mark)
    rekey = crypto is Crypto.MODERN  # IKEv1 dies silently when both ends rekey an IKE_SA
    anybody = (ANY_ADDRESS, Identity.anybody())
    return hub.terms.connection(child, crypto, own=hub.terms.gateway_end, peer=anybody, rekey=rekey)
