"""Hubs of DMVPNs and their spokes, as the intent has them: what configurations are made from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Interface
from itertools import islice

from offnet.design.addresses import with_length
from offnet.design.gre import PROTECTED
from offnet.design.numbers import Numbers
from offnet.design.peers import Peer, Terms, resolve
from offnet.intent import models as written
from offnet.network.model import ChildSa, Crypto, Nhrp, NhrpMember

TUNNEL = "mgre"
UPLINK = "pe"  # of the hub's context, toward the VRF
SOURCE = "tunnel-source"
HOST = 32


@dataclass(frozen=True, slots=True)
class Spoke:
    """A site of a cloud."""

    peer: Peer
    dmvpn: written.Dmvpn

    @property
    def address(self) -> IPv4Interface:
        """Its end of the tunnel: nhrpd takes a host address only."""
        return with_length(self.dmvpn.tunnel, HOST)


@dataclass(frozen=True, slots=True)
class Hub:
    """A cloud with all that its two kinds of ends are made from."""

    name: str
    cloud: written.Cloud
    terms: Terms
    mark: int
    spokes: tuple[Spoke, ...]

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


def hubs(intent: written.LabIntent, numbers: Numbers) -> list[Hub]:
    """Every cloud with its spokes."""
    spokes: dict[str, list[Spoke]] = {name: [] for name in intent.clouds}
    for peer in resolve(intent, numbers, written.DmvpnSite):
        if isinstance(peer.site, written.DmvpnSite):
            spokes[peer.site.dmvpn.cloud].append(Spoke(peer, peer.site.dmvpn))
    found = []
    for name, cloud in intent.clouds.items():
        gateway, profile = intent.gateways[cloud.gateway], intent.profiles[cloud.profile]
        door = gateway.doors()[None]
        if cloud.source is not None:
            door = replace(door, address=with_length(cloud.source, HOST))
        terms = Terms(gateway, door, cloud.profile, profile)
        found.append(Hub(name, cloud, terms, numbers.vrfs[cloud.vpn].if_id, tuple(spokes[name])))
    return found


def hub_connection_name(hub: Hub) -> str:
    """The name of the hub's connection."""
    return f"{hub.cloud.profile}-any"


def protection(hub: Hub, name: str, crypto: Crypto) -> ChildSa:
    """A CHILD_SA for GRE, as both ends have it but for who begins."""
    return ChildSa(
        name=name,
        local_ts=PROTECTED,
        remote_ts=PROTECTED,
        esp_proposals=hub.terms.profile.esp.of(crypto),
        mode="transport",
    )
