"""Whom the disturbing experiments disturb: an off-net site of each VPN and kind, and a partner."""

from __future__ import annotations

from dataclasses import dataclass

from offnet.network.model import IkeConnection, Network, Overlay, OverlayTunnel, Role, Site, Tunnel
from offnet.observe.kernel_model import MAIN_TABLE


@dataclass(frozen=True, slots=True)
class Subject:
    """An off-net site with a partner in its VPN, and the tables that its route is in.

    ``tables`` holds (router, table) of its own aggregator first, then of all others that learn its route;
    it is empty where the profile injects nothing.
    """

    site: Site
    tunnel: Tunnel
    partner: Site
    connection: IkeConnection
    tables: tuple[tuple[str, int], ...]


def routed(site: Site) -> bool:
    """Whether the provider has a route to a site: with ``rri: off`` that is left to others.

    What an overlay connects, the provider never knows.
    """
    return site.overlay is None and (site.tunnel is None or site.tunnel.rri != "off")


def arrives(source: Site, target: Site) -> bool:
    """Whether the lab gives a site's packets a way to another site of its VPN."""
    if source.overlay or target.overlay:
        return source.overlay == target.overlay
    return routed(target) and not (left_out(source, target) or left_out(target, source))


def joined(one: Site, other: Site) -> bool:
    """Whether two sites of a VPN reach each other: both are routed, and no split tunnel leaves one out."""
    return routed(one) and routed(other) and not (left_out(one, other) or left_out(other, one))


def left_out(site: Site, other: Site) -> bool:
    """Whether a site has a split tunnel that is not for another site's LAN."""
    reaches = site.tunnel.reaches if site.tunnel else ()
    return bool(reaches) and not any(other.lan.subnet_of(prefix) for prefix in reaches)


def learned(network: Network, site: Site) -> tuple[Site, ...]:
    """The sites whose prefixes routing brings to a site's own router: all of its VPN, by a GRE tunnel."""
    if site.tunnel is None or site.tunnel.gre is None or not site.tunnel.gre.routing.both_ways:
        return ()
    return tuple(other for other in network.sites_of(site.vpn) if other is not site and routed(other))


def subjects(network: Network) -> tuple[Subject, ...]:
    """The last site of every VPN and way into it, its last client, and a member of every overlay."""
    last = {(site.vpn, tunnel.access): site for site, tunnel in network.tunnels() if partners(network, site)}
    members = (_member(network, overlay) for overlay in network.overlays)
    return (*(subject_of(network, site) for site in last.values()), *members)


def partners(network: Network, site: Site) -> list[Site]:
    """The sites that a site reaches; all of its VPN, where it reaches none of them."""
    others = [other for other in network.sites_of(site.vpn) if other is not site]
    return [other for other in others if joined(site, other)] or others


def subject_of(network: Network, site: Site) -> Subject:
    """An off-net site that has a partner in its VPN, on-net if there is such a one."""
    others = partners(network, site)
    partner = next((other for other in others if other.tunnel is None), others[0])
    assert site.tunnel is not None  # noqa: S101 - it is off-net
    connection = network.node(site.node).connection(site.tunnel.site_connection)
    return Subject(site, site.tunnel, partner, connection, _tables(network, site))


def _tables(network: Network, site: Site) -> tuple[tuple[str, int], ...]:
    return places(network, site) if routed(site) else ()


def places(network: Network, site: Site) -> tuple[tuple[str, int], ...]:
    """Where a site's prefix must be a route, as (router, table): its own PE first, far CEs last."""
    pes = sorted(network.role(Role.PE), key=lambda pe: pe.name != site.pe)
    in_vrfs = tuple((pe.name, pe.default.vrf(site.vpn).table) for pe in pes)
    far = tuple((other.node, MAIN_TABLE) for other in learners(network, site))
    return in_vrfs + far


def learners(network: Network, site: Site) -> tuple[Site, ...]:
    """Sites on circuits, whose routers learn another site's prefix from their circuit's routing."""
    return tuple(
        other for other, _ in network.circuits() if other.vpn == site.vpn and other.name != site.name
    )


def _member(network: Network, overlay: Overlay) -> Subject:
    """The member that sets up all of its tunnels, with one of them: nobody else need bring it back.

    The one that crosses the provider, where there is such.
    """
    site = network.site(min(overlay.sites))
    own = [tunnel for tunnel in overlay.tunnels if tunnel.initiator == site.name]
    apart = [tunnel for tunnel in own if network.site(tunnel.responder).pe != site.pe]
    tunnel = (apart or own)[0]
    partner = network.site(tunnel.responder)
    connection = network.node(site.node).connection(partner.name)
    return Subject(site, as_tunnel(overlay, tunnel), partner, connection, ())


def as_tunnel(overlay: Overlay, tunnel: OverlayTunnel) -> Tunnel:
    """A tunnel of an overlay as its responder sees it: that of a site whose gateway it is."""
    return Tunnel(
        gateway=tunnel.responder,
        gateway_address=tunnel.responder_address,
        gateway_connection=tunnel.initiator,
        site_connection=tunnel.responder,
        address=tunnel.initiator_address,
        identity=str(tunnel.initiator_address),
        profile=overlay.name,
        vrf=overlay.vpn,
        if_id=0,
        rri="off",
    )
