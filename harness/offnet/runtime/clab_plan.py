"""What the containerlab runtime puts on a host: the topology as it is, but for the nodes' own files."""

from __future__ import annotations

from typing import Any

import yaml

from offnet.runtime.clab import ClabTopology, find
from offnet.runtime.plan import DOWN, LIB, Plan, common_files, directory

UP = "up.sh"

_SCRIPTS = {UP: "containerlab-up.sh", DOWN: "containerlab-down.sh"}


def make(topology: ClabTopology) -> Plan:
    """The plan for a topology."""
    document = yaml.safe_load(find(topology.folder).read_text(encoding="utf-8"))
    files = common_files(topology, _SCRIPTS)
    files[f"topology/{topology.name}.clab.yml"] = _deployed(document, topology.name).encode()
    return Plan(topology.name, tuple(topology.nodes), directory(topology.name), files)


def _deployed(document: dict[str, Any], lab: str) -> str:
    """The topology file with the working copy of the node's files laid over those of the image."""
    defaults = document["topology"].setdefault("defaults", {})
    lib = f"{directory(lab)}/lib:{LIB}:ro"
    defaults["binds"] = [*defaults.get("binds", ()), lib]
    return yaml.safe_dump(document, sort_keys=False)
