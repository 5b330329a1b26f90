"""Positions of the nodes for TopoViewer, the topology editor of VS Code (containerlab's extension)."""

from __future__ import annotations

import json

from offnet.network.model import Network, Role
from offnet.picture.layout import places

SUFFIX = ".annotations.json"
# Names of TopoViewer's own icons.
ICONS = {Role.P: "spine", Role.PE: "pe", Role.INTERNET: "cloud"}
CUSTOMER = "client"


def annotations_file(network: Network) -> str:
    """The text of ``<lab>.clab.yml.annotations.json``: the nodes stand as in the report's picture.

    They are not labels of the topology (graph-posX), for a site more moves all others, and the
    topology file is to change by that site only.
    """
    where = places(network)
    nodes = [
        {
            "id": node.name,
            "icon": ICONS.get(node.role, CUSTOMER),
            "position": {"x": round(where[node.name].center), "y": round(where[node.name].middle)},
        }
        for node in network.nodes
        if node.name in where
    ]
    return json.dumps({"nodeAnnotations": nodes}, indent=2) + "\n"
