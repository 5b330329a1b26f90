"""No node has two interfaces of one name: links are named after the node at their other end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from offnet.design.problems import problem
from offnet.errors import Problem
from offnet.intent.models import LabIntent
from offnet.network.model import InterfaceKind, Link, Node

# Directories of /proc/sys/net/*/conf that are no interface.
KERNEL_NAMES = ("all", "default")


def interface_problems(
    intent: LabIntent, nodes: Iterable[Node], links: Iterable[Link]
) -> tuple[Problem, ...]:
    """Nodes whose links would get a name that the node at the other end has already given."""
    owner = {(node.name, name): what for node in nodes for name, what in _own_names(node)}
    found = []
    for node, interface, peer in _ends(links):
        other = owner.setdefault((node, interface), peer)
        if other != peer:
            allowed = f"another name: on {node} the interface {interface} belongs to {other}"
            found.append(problem(intent, _key(intent, peer), peer, allowed))
    return tuple(found)


def _own_names(node: Node) -> Iterator[tuple[str, str]]:
    """The names that a node gives without looking at its links, and what has them."""
    yield from ((name, "the kernel") for name in KERNEL_NAMES)
    yield from ((vrf.name, f"VPN {vrf.name}") for vrf in node.default.vrfs)
    for interface in node.default.interfaces:
        if interface.kind is not InterfaceKind.VETH:
            yield interface.name, f"{node.name} itself"


def _ends(links: Iterable[Link]) -> Iterator[tuple[str, str, str]]:
    """Both ends of every link: node, interface, the node at the other end."""
    for link in links:
        yield link.a.node, link.a.interface, link.b.node
        yield link.b.node, link.b.interface, link.a.node


def _key(intent: LabIntent, node: str) -> str:
    if node in intent.sites:
        return f"sites.{node}"
    return f"provider.routers.{node}" if node in intent.provider.routers else "internet"
