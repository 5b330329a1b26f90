"""The network that is left when an aggregator is dead."""

from __future__ import annotations

from dataclasses import replace

from offnet.network.model import Network, Site


def leaders(network: Network) -> tuple[str, ...]:
    """Aggregators whose death sites survive by their backup."""
    return tuple(dict.fromkeys(site.pe for site in network.sites if site.backup))


def led_by(network: Network, gateway: str) -> tuple[Site, ...]:
    """The sites that prefer an aggregator and have another one."""
    return tuple(site for site in network.sites if site.backup and site.pe == gateway)


def without(network: Network, dead: str) -> Network:
    """The same without a node and its links; its sites are at their backup, those without one are lost."""
    left = (site for site in network.sites if site.backup or dead != site.pe)
    sites = tuple(_moved(site) if site.pe == dead else replace(site, backup=None) for site in left)
    return replace(
        network,
        nodes=tuple(node for node in network.nodes if node.name != dead),
        links=tuple(link for link in network.links if dead not in (link.a.node, link.b.node)),
        sites=sites,
    )


def _moved(site: Site) -> Site:
    assert site.backup is not None  # noqa: S101 - the caller has looked
    return replace(site, pe=site.backup.gateway, tunnel=site.backup, backup=None)


def neighbours(network: Network, node: str) -> tuple[tuple[str, str], ...]:
    """The other ends of a node's links: node and interface."""
    ends = ((link.a, link.b) for link in network.links)
    pairs = (pair for a, b in ends for pair in ((a, b), (b, a)))
    return tuple((far.node, far.interface) for own, far in pairs if own.node == node)
