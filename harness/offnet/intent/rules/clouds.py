"""DMVPNs: their hub, the key and the profile that keep them apart, and their spokes' places in them."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

from offnet.intent.clouds import MULTIPOINT, Cloud
from offnet.intent.document import KeyPath
from offnet.intent.finding import Finding
from offnet.intent.models import ANYBODY, DmvpnSite, OffNetSite, Profile
from offnet.intent.rules.names import one_of
from offnet.intent.rules.segments import UNICAST, Segment, is_unicast, overlaps
from offnet.intent.rules.tunnels import GRE_HEADER, LINK_MTU, proposals
from offnet.intent.salvage import Scope
from offnet.intent.selection import Selection, identity_of
from offnet.network.esp import transport_payload

GRE_KEY = 4  # bytes (RFC 2890)
_POINT_TO_POINT = 31


def _spokes(scope: Scope) -> Iterator[tuple[str, DmvpnSite, Cloud | None]]:
    """Every spoke, with its cloud if that exists."""
    for name, site in scope.intent.sites.items():
        if isinstance(site, DmvpnSite):
            yield name, site, scope.intent.clouds.get(site.dmvpn.cloud)


def cloud_parts(scope: Scope) -> Iterator[Finding]:
    """What a cloud names, and the cloud that a spoke names, are parts of this lab."""
    intent = scope.intent
    for name, cloud in intent.clouds.items():
        if scope.lacks("vpns", cloud.vpn):
            yield Finding(("clouds", name, "vpn"), one_of(cloud.vpn, intent.vpns, "a VPN of this lab"))
        if scope.lacks("gateways", cloud.gateway):
            expected = one_of(cloud.gateway, intent.gateways, "a gateway of this lab")
            yield Finding(("clouds", name, "gateway"), expected)
        if scope.lacks("profiles", cloud.profile):
            expected = one_of(cloud.profile, intent.profiles, "a profile of this lab")
            yield Finding(("clouds", name, "profile"), expected)
    for name, site, _ in _spokes(scope):
        if scope.lacks("clouds", site.dmvpn.cloud):
            expected = one_of(site.dmvpn.cloud, intent.clouds, "a cloud of this lab")
            yield Finding(("sites", name, "dmvpn", "cloud"), expected)


def cloud_name(scope: Scope) -> Iterator[Finding]:
    """A cloud's name is that of an interface of its hub, beside VRFs and links."""
    intent = scope.intent
    taken: dict[str, KeyPath] = {name: ("vpns", name) for name in intent.vpns}
    taken |= {name: ("sites", name) for name in intent.sites}
    taken |= {name: ("provider", "routers", name) for name in intent.provider.routers}
    for name in intent.clouds:
        if name in taken:
            expected = "a name that no VPN, router or site has: all become interfaces of a PE"
            yield Finding(("clouds", name), expected, value=name, see=taken[name])


def cloud_begins_once(scope: Scope) -> Iterator[Finding]:
    """A multipoint tunnel begins at one address of its gateway, in the global table."""
    for name, cloud in scope.intent.clouds.items():
        gateway = scope.intent.gateways.get(cloud.gateway)
        if gateway is not None and gateway.front_doors:
            see = ("gateways", cloud.gateway, "front_doors")
            expected = "a gateway with one address: DMVPNs are not led through front doors"
            yield Finding(("clouds", name, "gateway"), expected, see=see)


def cloud_key(scope: Scope) -> Iterator[Finding]:
    """Tunnels that begin at one address are told apart by their keys alone."""
    owner: dict[tuple[str, IPv4Address | None, int], str] = {}
    for name, cloud in scope.intent.clouds.items():
        other = owner.setdefault((cloud.gateway, cloud.source, cloud.key), name)
        if other != name:
            expected = (
                f"a key of its own: {other} begins at the same address of {cloud.gateway}, and the key alone"
                " says to which of the two a packet belongs"
            )
            yield Finding(("clouds", name, "key"), expected, see=("clouds", other, "key"))


def cloud_network_type(scope: Scope) -> Iterator[Finding]:
    """Spokes hear the hub only, and FRR's nhrpd takes a host address on the tunnel."""
    for name, cloud in scope.intent.clouds.items():
        if cloud.ospf_network != MULTIPOINT:
            expected = (
                f"{MULTIPOINT}: spokes hear the hub and not each other, so that they can elect no designated"
                " router, and there is more than one of them"
            )
            yield Finding(("clouds", name, "ospf_network"), expected)


def cloud_profile(scope: Scope) -> Iterator[Finding]:
    """A cloud's profile knows its spokes by their authority, for they may come from any address."""
    owner: dict[str, str] = {}
    for name, cloud in scope.intent.clouds.items():
        path, see = ("clouds", name, "profile"), ("profiles", cloud.profile)
        profile = scope.intent.profiles.get(cloud.profile)
        if profile is None:
            continue
        other = owner.setdefault(cloud.profile, name)
        if other != name:
            yield Finding(path, f"a profile of its own: {other} has this one", see=("clouds", other))
        elif not _takes_anybody(profile):
            expected = "a profile with an authority and with match: {any: true}, and nothing else to match"
            yield Finding(path, expected, see=see)
        elif profile.vrf != cloud.vpn and not scope.lacks("vpns", cloud.vpn):
            yield Finding(path, f"a profile whose VRF is {cloud.vpn}", see=(*see, "vrf"))


def _takes_anybody(profile: Profile) -> bool:
    return profile.authority is not None and {kind for kind, *_ in profile.match.entries()} == {ANYBODY}


def cloud_members(scope: Scope) -> Iterator[Finding]:
    """A cloud's profile selects its spokes and nobody else; they share its VPN and its gateway."""
    selection = Selection(scope.intent.profiles, scope.intent.certificate_maps)
    owner = {
        cloud.profile: name
        for name, cloud in reversed(scope.intent.clouds.items())
        if cloud.profile in scope.intent.profiles and _takes_anybody(scope.intent.profiles[cloud.profile])
    }
    for name, site in scope.intent.sites.items():
        if not isinstance(site, OffNetSite):
            continue
        selector = selection.select(*identity_of(site), site.front_door, site.authority)
        chosen = owner.get(selector.profile) if selector else None
        wanted = site.dmvpn.cloud if isinstance(site, DmvpnSite) else None
        if selector is not None and chosen != wanted and (wanted is None or wanted in owner.values()):
            yield _wrong_profile(name, site, selector.profile, wanted)
    for name, site, cloud in _spokes(scope):
        see = ("clouds", site.dmvpn.cloud)
        if cloud is not None and site.vpn != cloud.vpn:
            expected = f"{cloud.vpn}, the VPN of cloud {site.dmvpn.cloud}"
            yield Finding(("sites", name, "vpn"), expected, see=(*see, "vpn"))
        if cloud is not None and site.dmvpn.gateway != cloud.gateway:
            expected = f"{cloud.gateway}, the hub of cloud {site.dmvpn.cloud}"
            yield Finding(("sites", name, "dmvpn", "gateway"), expected, see=(*see, "gateway"))


def _wrong_profile(name: str, site: OffNetSite, profile: str, wanted: str | None) -> Finding:
    see = ("profiles", profile)
    if wanted is None:
        expected = f"a site that another profile selects: {profile} is for spokes of a DMVPN"
        return Finding(("sites", name, site.METHOD), expected, value=name, see=see)
    expected = f"an identity that the profile of cloud {wanted} selects; {profile} does"
    return Finding(("sites", name, site.METHOD, "authority"), expected, see=see)


def cloud_addresses(scope: Scope) -> Iterator[Finding]:
    """Each spoke has a host of the tunnel's subnet, of which the first one is the hub's."""
    owner: dict[tuple[str, IPv4Address], str] = {}
    for name, site, cloud in _spokes(scope):
        path, own = ("sites", name, "dmvpn", "tunnel"), site.dmvpn.tunnel
        if cloud is None or cloud.tunnel.prefixlen >= _POINT_TO_POINT:
            continue
        hub, see = cloud.tunnel[1], ("clouds", site.dmvpn.cloud, "tunnel")
        edges = (cloud.tunnel.network_address, hub, cloud.tunnel.broadcast_address)
        if own not in cloud.tunnel or own in edges:
            yield Finding(path, f"a host of {cloud.tunnel} other than {hub}, which is the hub", see=see)
            continue
        other = owner.setdefault((site.dmvpn.cloud, own), name)
        if other != name:
            expected = f"an address of its own in the cloud, {other} has this one"
            yield Finding(path, expected, see=("sites", other, "dmvpn", "tunnel"))


def cloud_subnets(scope: Scope) -> Iterator[Finding]:
    """The tunnel has room for spokes, the link for its two ends; both are apart from their VPN's LANs."""
    by_vpn: dict[str, list[Segment]] = {}
    for name, site in scope.intent.sites.items():
        by_vpn.setdefault(site.vpn, []).append(Segment(site.lan, ("sites", name, "lan"), name))
    for name, cloud in scope.intent.clouds.items():
        tunnel, link = ("clouds", name, "tunnel"), ("clouds", name, "link")
        if cloud.tunnel.prefixlen >= _POINT_TO_POINT:
            yield Finding(tunnel, "a /30 or larger, for the hub and its spokes")
        if cloud.link.prefixlen > _POINT_TO_POINT:
            yield Finding(link, "a /31 or larger, for the PE and the hub's routing context")
        for path, prefix in ((tunnel, cloud.tunnel), (link, cloud.link)):
            if not is_unicast(prefix):
                yield Finding(path, UNICAST)
            by_vpn.setdefault(cloud.vpn, []).append(Segment(prefix, path, f"{path[-1]} of {name}"))
    for vpn, segments in by_vpn.items():
        for one, other in overlaps(segments):
            if "clouds" in (one.path[0], other.path[0]):
                yield Finding(one.path, f"a prefix apart from {other} in the same VPN {vpn}", see=other.path)


def cloud_mtu(scope: Scope) -> Iterator[Finding]:
    """What the tunnel carries fits into the Internet's packets, whichever ESP proposal is agreed on."""
    for name, cloud in scope.intent.clouds.items():
        profile = scope.intent.profiles.get(cloud.profile)
        if profile is None:
            continue
        header = GRE_HEADER + GRE_KEY
        widest, proposal = min(
            (transport_payload(proposal, LINK_MTU) - header, proposal) for proposal in proposals(profile)
        )
        if cloud.mtu > widest:
            expected = (
                f"at most {widest}: GRE with a key in ESP transport mode with {proposal} leaves that of"
                f" {LINK_MTU} bytes"
            )
            yield Finding(("clouds", name, "mtu"), expected, see=("profiles", cloud.profile, "esp"))


def cloud_as(scope: Scope) -> Iterator[Finding]:
    """The hub's routing context speaks eBGP with the PE."""
    provider = scope.intent.provider.asn
    for name, cloud in scope.intent.clouds.items():
        if cloud.asn == provider and scope.whole("provider", "as"):
            expected = "a number other than the provider's"
            yield Finding(("clouds", name, "as"), expected, see=("provider", "as"))


def cloud_source(scope: Scope) -> Iterator[Finding]:
    """A loopback address that tunnels begin at is nobody else's."""
    intent = scope.intent
    taken: dict[IPv4Address, KeyPath] = {
        router.loopback: ("provider", "routers", name, "loopback")
        for name, router in intent.provider.routers.items()
    }
    for name, gateway in intent.gateways.items():
        taken |= {door.address.ip: ("gateways", name) for door in gateway.doors().values()}
    for name, site in intent.sites.items():
        if isinstance(site, OffNetSite):
            taken[site.access.address.ip] = ("sites", name, site.METHOD, "address")
    for name, cloud in intent.clouds.items():
        if cloud.source in taken:
            expected = "an address of its own; without this key the tunnel begins at the gateway's"
            yield Finding(("clouds", name, "source"), expected, see=taken[cloud.source])
