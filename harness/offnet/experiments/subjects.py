"""Whom the disturbing experiments disturb: one off-net site of each VPN, and a partner it talks to."""

from __future__ import annotations

from dataclasses import dataclass

from offnet.network.model import IkeConnection, Network, Role, Site, Tunnel


@dataclass(frozen=True, slots=True)
class Subject:
    """An off-net site with a partner in its VPN, and the tables that its route is in.

    ``tables`` holds (PE, table) of its own aggregator first, then of every other PE; it is empty where
    the profile injects nothing.
    """

    site: Site
    tunnel: Tunnel
    partner: Site
    connection: IkeConnection
    tables: tuple[tuple[str, int], ...]


def routed(site: Site) -> bool:
    """Whether the lab gives its VPN a route to a site: with ``rri: off`` that is left to others."""
    return site.tunnel is None or site.tunnel.rri != "off"


def subjects(network: Network) -> tuple[Subject, ...]:
    """The last off-net site of every VPN that has one and a partner for it."""
    last = {site.vpn: site for site, _ in network.tunnels() if len(network.sites_of(site.vpn)) > 1}
    return tuple(subject_of(network, site) for site in last.values())


def subject_of(network: Network, site: Site) -> Subject:
    """An off-net site that has a partner in its VPN, on-net if there is such a one."""
    partners = [other for other in network.sites_of(site.vpn) if other is not site]
    partner = next((other for other in partners if other.tunnel is None), partners[0])
    assert site.tunnel is not None  # noqa: S101 - it is off-net
    connection = network.node(site.node).connection(site.tunnel.site_connection)
    return Subject(site, site.tunnel, partner, connection, _tables(network, site))


def _tables(network: Network, site: Site) -> tuple[tuple[str, int], ...]:
    if not routed(site):
        return ()
    pes = sorted(network.role(Role.PE), key=lambda pe: pe.name != site.pe)
    return tuple((pe.name, pe.default.vrf(site.vpn).table) for pe in pes)
