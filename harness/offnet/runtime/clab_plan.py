"""What the containerlab runtime puts on a host: the topology as it is, but for the nodes' own files."""

from __future__ import annotations

import re
from typing import Any

import yaml

from offnet.runtime.clab import ClabTopology, find
from offnet.runtime.plan import DOWN, LIB, Plan, common_files, directory

UP = "up.sh"

_VOLUME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
_SCRIPTS = {UP: "containerlab-up.sh", DOWN: "containerlab-down.sh"}


def make(topology: ClabTopology) -> Plan:
    """The plan for a topology."""
    document = yaml.safe_load(find(topology.folder).read_text(encoding="utf-8"))
    files = common_files(topology, _SCRIPTS)
    files["plan.env"] += f"VOLUMES='{' '.join(_volumes(document['topology']))}'\n".encode()
    files[f"topology/{topology.name}.clab.yml"] = _deployed(document, topology.name).encode()
    return Plan(topology.name, tuple(topology.nodes), directory(topology.name), files)


def _volumes(topology: dict[str, Any]) -> list[str]:
    """Names of the volumes that nodes share; containerlab makes them, and leaves them behind."""
    nodes = (topology.get("defaults"), *topology["nodes"].values())
    named = {str(text).partition(":")[0] for node in nodes for text in (node or {}).get("volumes", ())}
    return sorted(name for name in named if _VOLUME.fullmatch(name))


def _deployed(document: dict[str, Any], lab: str) -> str:
    """The topology file with the working copy of the node's files laid over those of the image."""
    defaults = document["topology"].setdefault("defaults", {})
    lib = f"{directory(lab)}/lib:{LIB}:ro"
    defaults["binds"] = [*defaults.get("binds", ()), lib]
    return yaml.safe_dump(document, sort_keys=False)
