"""The AAA server's files: its whole configuration, and its users and groups."""

from __future__ import annotations

from offnet.network.aaa import GROUP_PASSWORD
from offnet.network.model import Node
from offnet.render.templates import template

FOLDER = "freeradius"


def freeradius_files(node: Node) -> dict[str, str]:
    """Text by path below the node's folder; nothing for a node that is no AAA server."""
    if node.radius is None:
        return {}
    return {
        f"{FOLDER}/{name}": template(f"{FOLDER}/{name}.j2").render(
            node=node, server=node.radius, password=GROUP_PASSWORD
        )
        for name in ("radiusd.conf", "users")
    }
