"""No node has two interfaces of one name: links and tunnels are named after the node at their other end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from offnet.intent.document import KeyPath
from offnet.intent.finding import Finding
from offnet.intent.models import LabIntent
from offnet.network.model import Link, Node, Site


def interfaces_that_meet(
    intent: LabIntent, nodes: Iterable[Node], links: Iterable[Link], sites: Iterable[Site]
) -> tuple[Finding, ...]:
    """Nodes whose names, shortened, meet on the node at the other end of their links."""
    owner = {(node.name, vrf.name): f"VPN {vrf.name}" for node in nodes for vrf in node.default.vrfs}
    found = []
    for node, interface, peer in (*_ends(links), *_tunnels(sites)):
        other = owner.setdefault((node, interface), peer)
        if other != peer:
            allowed = f"another name: on {node} the interface {interface} belongs to {other}"
            found.append(Finding(_key(intent, peer), allowed, peer))
    return tuple(found)


def _ends(links: Iterable[Link]) -> Iterator[tuple[str, str, str]]:
    """Both ends of every link: node, interface, the node at the other end."""
    for link in links:
        yield link.a.node, link.a.interface, link.b.node
        yield link.b.node, link.b.interface, link.a.node


def _tunnels(sites: Iterable[Site]) -> Iterator[tuple[str, str, str]]:
    """The aggregator's end of every GRE tunnel, likewise."""
    for site in sites:
        if site.tunnel and site.tunnel.gre and not site.tunnel.gre.cloud:
            yield site.tunnel.gateway, site.tunnel.gre.gateway_interface, site.node


def _key(intent: LabIntent, node: str) -> KeyPath:
    if node in intent.sites:
        return "sites", node
    if node in intent.nats:
        return "nats", node
    if node in intent.circuits:
        return "circuits", node
    return ("provider", "routers", node) if node in intent.provider.routers else ("internet",)
