"""GRE tunnels: their subnets, their MTU, and what their routing needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from offnet.intent.finding import Finding
from offnet.intent.models import GreSite, Profile
from offnet.intent.rules.segments import UNICAST, Segment, is_unicast, overlaps
from offnet.intent.salvage import Scope
from offnet.intent.selection import Selection, Selector, identity_of
from offnet.network.esp import transport_payload
from offnet.network.model import Crypto, EdgeProtocol

_POINT_TO_POINT = 31
GRE_HEADER = 4  # bytes, without a key (RFC 2784)
LINK_MTU = 1500


def _gre(scope: Scope) -> Iterator[tuple[str, GreSite]]:
    return ((name, site) for name, site in scope.intent.sites.items() if isinstance(site, GreSite))


def tunnel_has_two_ends(scope: Scope) -> Iterator[Finding]:
    """A tunnel's subnet holds two hosts."""
    for name, site in _gre(scope):
        path = ("sites", name, "gre", "tunnel")
        if site.gre.tunnel.prefixlen > _POINT_TO_POINT:
            yield Finding(path, "a /31 or larger, for both ends of the tunnel")
        elif not is_unicast(site.gre.tunnel):
            yield Finding(path, UNICAST)


def tunnels_apart_from_lans(scope: Scope) -> Iterator[Finding]:
    """Tunnels and LANs of one VPN share a routing table."""
    by_vpn: dict[str, list[Segment]] = defaultdict(list)
    for name, site in scope.intent.sites.items():
        by_vpn[site.vpn].append(Segment(site.lan, ("sites", name, "lan"), name))
    for name, site in _gre(scope):
        segment = Segment(site.gre.tunnel, ("sites", name, "gre", "tunnel"), f"the tunnel of {name}")
        by_vpn[site.vpn].append(segment)
    for vpn, segments in by_vpn.items():
        for one, other in overlaps(segments):
            if "tunnel" in (one.path[-1], other.path[-1]):
                yield Finding(one.path, f"a prefix apart from {other} in the same VPN {vpn}", see=other.path)


def mtu_that_fits(scope: Scope) -> Iterator[Finding]:
    """What a tunnel carries fits into the Internet's packets, whichever ESP proposal is agreed on."""
    for name, site, selector in _selected(scope):
        widest, proposal = min(
            (transport_payload(proposal, LINK_MTU) - GRE_HEADER, proposal)
            for proposal in proposals(scope.intent.profiles[selector.profile])
        )
        if site.gre.mtu > widest:
            expected = (
                f"at most {widest}: GRE in ESP transport mode with {proposal} leaves that of {LINK_MTU} bytes"
            )
            see = ("profiles", selector.profile, "esp")
            yield Finding(("sites", name, "gre", "mtu"), expected, see=see)


def own_as(scope: Scope) -> Iterator[Finding]:
    """With eBGP a site has an AS number, which is not the provider's."""
    for name, site in _gre(scope):
        path, provider = ("sites", name, "gre", "as"), scope.intent.provider.asn
        if site.gre.routing is EdgeProtocol.EBGP and site.gre.asn is None:
            yield Finding(path, "a value: with routing ebgp the site has an AS number of its own")
        elif site.gre.asn == provider and scope.whole("provider", "as"):
            yield Finding(path, "a number other than the provider's", see=("provider", "as"))


def _selected(scope: Scope) -> Iterator[tuple[str, GreSite, Selector]]:
    selection = Selection(scope.intent.profiles, scope.intent.certificate_maps)
    for name, site in _gre(scope):
        selector = selection.select(*identity_of(site))
        if selector is not None:
            yield name, site, selector


def proposals(profile: Profile) -> Iterator[str]:
    """The ESP proposals of a profile in both crypto variants."""
    for crypto in Crypto:
        yield from profile.esp.of(crypto)
