"""No node has two interfaces of one name: links are named after the node at their other end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from offnet.design.problems import problem
from offnet.errors import Problem
from offnet.intent.models import LabIntent
from offnet.network.model import Link, Node


def interface_problems(
    intent: LabIntent, nodes: Iterable[Node], links: Iterable[Link]
) -> tuple[Problem, ...]:
    """Nodes whose names, shortened, meet on the node at the other end of their links."""
    owner = {(node.name, vrf.name): f"VPN {vrf.name}" for node in nodes for vrf in node.default.vrfs}
    found = []
    for node, interface, peer in _ends(links):
        other = owner.setdefault((node, interface), peer)
        if other != peer:
            allowed = f"another name: on {node} the interface {interface} belongs to {other}"
            found.append(problem(intent, _key(intent, peer), peer, allowed))
    return tuple(found)


def _ends(links: Iterable[Link]) -> Iterator[tuple[str, str, str]]:
    """Both ends of every link: node, interface, the node at the other end."""
    for link in links:
        yield link.a.node, link.a.interface, link.b.node
        yield link.b.node, link.b.interface, link.a.node


def _key(intent: LabIntent, node: str) -> str:
    if node in intent.sites:
        return f"sites.{node}"
    if node in intent.nats:
        return f"nats.{node}"
    return f"provider.routers.{node}" if node in intent.provider.routers else "internet"
