"""Network to text: pure, and the same input gives the same bytes."""

from __future__ import annotations

from offnet.network.model import Network
from offnet.render.annotations import SUFFIX, annotations_file
from offnet.render.clab import clab_file
from offnet.render.node import node_files


def render(network: Network) -> dict[str, str]:
    """Every file of the lab's topology folder, by its path below it."""
    topology = f"{network.name}.clab.yml"
    files = {topology: clab_file(network), f"{topology}{SUFFIX}": annotations_file(network)}
    for node in network.nodes:
        for path, text in node_files(node).items():
            files[f"{node.name}/{path}"] = text
    return files
