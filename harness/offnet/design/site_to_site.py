"""Off-net sites by IPsec: their peer address selects a profile, the profile a VRF (Examples 9-1 to 9-8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

from offnet.design.addresses import far_end
from offnet.design.internet import FRONT_DOOR, access, access_link
from offnet.design.lan import Lan
from offnet.design.numbers import Numbers
from offnet.design.on_net import DEFAULT_ROUTE
from offnet.design.parts import Contribution, Part
from offnet.intent.models import Gateway, LabIntent, OffNetSite, Profile
from offnet.network.model import (
    AuthRound,
    ChildSa,
    Crypto,
    IkeConnection,
    Interface,
    InterfaceKind,
    ReverseRoutePolicy,
    Role,
    SharedSecret,
    Site,
    StaticRoute,
    Tunnel,
    Vrf,
)

LAN = "lan"
# Outside tunnels every peer is a host; a CE's policy covers all that leaves its LAN (access list 100).
ANYWHERE = ("0.0.0.0/0",)


@dataclass(frozen=True, slots=True)
class _Resolved:
    """One off-net site with everything that its rule looks up."""

    name: str
    site: OffNetSite
    lan: Lan
    address: IPv4Address
    next_hop: IPv4Address
    gateway_name: str
    gateway: Gateway
    gateway_address: IPv4Address
    profile_name: str
    profile: Profile
    vrf: Vrf
    key: str


def site_to_site(intent: LabIntent, numbers: Numbers, crypto: Crypto) -> Contribution:
    """Every site that reaches its VPN by a tunnel from a fixed address, with the aggregator's end of it."""
    resolved = tuple(_resolve(intent, numbers))
    parts = [part for one in resolved for part in (_spoke(one, crypto), _internet_end(intent, one))]
    parts += [_aggregator_end(one, crypto) for one in resolved]
    parts += _inside_interfaces(resolved)
    links = tuple(access_link(intent, one.name) for one in resolved)
    return Contribution(tuple(parts), links, tuple(_site(one) for one in resolved))


def _resolve(intent: LabIntent, numbers: Numbers) -> Iterator[_Resolved]:
    by_address = {
        address: (name, profile)
        for name, profile in intent.profiles.items()
        for address in profile.match.address
    }
    keyrings = {name: keyring.keys for name, keyring in intent.keyrings.items()}
    for name, site in intent.sites.items():
        if isinstance(site, OffNetSite):
            address = site.ipsec.address.ip
            profile_name, profile = by_address[address]
            gateway = intent.gateways[site.ipsec.gateway]
            yield _Resolved(
                name=name,
                site=site,
                lan=numbers.lans[name],
                address=address,
                next_hop=far_end(site.ipsec.address),
                gateway_name=site.ipsec.gateway,
                gateway=gateway,
                gateway_address=gateway.address.ip,
                profile_name=profile_name,
                profile=profile,
                vrf=numbers.vrfs[profile.vrf],
                key=keyrings[profile.keyring][address],
            )


def _internet_end(intent: LabIntent, one: _Resolved) -> Part:
    return access(intent, one.name, one.next_hop, one.site.ipsec.address.network.prefixlen)


def _spoke(one: _Resolved, crypto: Crypto) -> Part:
    lan = one.lan
    return Part(
        one.name,
        role=Role.SPOKE,
        interfaces=(
            Interface("lo", InterfaceKind.LOOPBACK),
            Interface(LAN, InterfaceKind.DUMMY, lan.interface(lan.router, lan.host, lan.marker)),
            Interface(FRONT_DOOR, InterfaceKind.VETH, (one.site.ipsec.address,)),
        ),
        routes=(StaticRoute(DEFAULT_ROUTE, via=one.next_hop, interface=FRONT_DOOR),),
        connections=(_spoke_connection(one, crypto),),
        secrets=(SharedSecret(one.gateway_name, (str(one.gateway_address),), one.key),),
        await_peers=(one.gateway_address,),
    )


def _spoke_connection(one: _Resolved, crypto: Crypto) -> IkeConnection:
    child = ChildSa(
        name=one.gateway_name,
        local_ts=(str(one.lan.prefix),),
        remote_ts=ANYWHERE,
        esp_proposals=one.profile.esp.of(crypto),
        start_action="trap|start",
        dpd_action="trap",
        close_action="trap",
    )
    return _connection(one, crypto, child, own=one.address, peer=one.gateway_address, rekey=True)


def _aggregator_end(one: _Resolved, crypto: Crypto) -> Part:
    child = ChildSa(
        name=one.name,
        local_ts=ANYWHERE,
        remote_ts=(str(one.lan.prefix),),
        esp_proposals=one.profile.esp.of(crypto),
        if_id=one.vrf.if_id,
        # A static reverse route attracts traffic while there is no SA: a trap then asks for one.
        start_action="trap" if one.profile.rri == "static" else "none",
    )
    # IKEv1 dies silently when both ends rekey an IKE_SA: there the spoke alone does it.
    rekey = crypto is Crypto.MODERN
    connection = _connection(one, crypto, child, own=one.gateway_address, peer=one.address, rekey=rekey)
    secret = SharedSecret(f"{one.profile.keyring}-{one.name}", (str(one.address),), one.key)
    return Part(one.gateway_name, connections=(connection,), secrets=(secret,), policies=_policies(one))


def _connection(
    one: _Resolved, crypto: Crypto, child: ChildSa, *, own: IPv4Address, peer: IPv4Address, rekey: bool
) -> IkeConnection:
    """The connection of one end, which is called like its CHILD_SA."""
    here, there = str(own), str(peer)
    return IkeConnection(
        name=child.name,
        version=1 if crypto is Crypto.AS_PRINTED else 2,
        local_addresses=(here,),
        remote_addresses=(there,),
        local=AuthRound("psk", here),
        remote=AuthRound("psk", there),
        proposals=one.gateway.ike_policies.of(crypto),
        dpd_delay=one.gateway.dpd.delay,
        dpd_timeout=one.gateway.dpd.timeout,
        children=(child,),
        rekey=rekey,
        profile=one.profile_name,
        keyring=one.profile.keyring,
    )


def _inside(vrf: Vrf) -> str:
    return f"ipsec{vrf.if_id}"


def _policies(one: _Resolved) -> tuple[ReverseRoutePolicy, ...]:
    if one.profile.rri == "off":
        return ()
    vrf = one.vrf
    static = one.profile.rri == "static"
    return (ReverseRoutePolicy(one.name, vrf.name, vrf.table, _inside(vrf), (one.lan.prefix,), static),)


def _inside_interfaces(resolved: tuple[_Resolved, ...]) -> list[Part]:
    """One XFRM interface per VRF that tunnels of an aggregator end in: what their SAs decrypt is in it."""
    used = {(one.gateway_name, one.vrf.name): one.vrf for one in resolved}
    return [Part(gateway, interfaces=(_xfrm(vrf),)) for (gateway, _), vrf in used.items()]


def _xfrm(vrf: Vrf) -> Interface:
    return Interface(_inside(vrf), InterfaceKind.XFRM, vrf=vrf.name, parent=FRONT_DOOR, if_id=vrf.if_id)


def _site(one: _Resolved) -> Site:
    tunnel = Tunnel(
        gateway=one.gateway_name,
        gateway_address=one.gateway_address,
        gateway_connection=one.name,
        site_connection=one.gateway_name,
        address=one.address,
        profile=one.profile_name,
        vrf=one.vrf.name,
        if_id=one.vrf.if_id,
        rri=one.profile.rri,
    )
    lan = one.lan
    return Site(one.name, one.site.vpn, one.name, one.gateway_name, lan.prefix, lan.host, lan.marker, tunnel)
