"""A lab of two nodes without daemons: ``a`` and ``b``, 10.0.0.1 and 10.0.0.2, on one link."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

DEFAULTS = {"kind": "linux", "image": "offnet-node", "network-mode": "none"}


def write(folder: Path, name: str = "two", **settings: Any) -> Path:
    """Its folder, under any name; ``settings`` are of the topology, ``defaults`` of its nodes among them."""
    for number, (node, other) in enumerate((("a", "b"), ("b", "a")), start=1):
        files = folder / node
        files.mkdir(parents=True)
        (files / "node.env").write_text(
            f"NODE={node}\nINTERFACES=to-{other}\nDAEMONS=\nIKE=no\nAGENT=no\nAWAIT_ROUTES=\nAWAIT_PEERS=\n"
        )
        (files / "sysctl.conf").write_text("net/ipv4/ip_forward=1\n")
        (files / "ip.batch").write_text(
            f"link set lo up\naddr add 10.0.0.{number}/24 dev to-{other}\nlink set to-{other} up\n"
        )
    ends = [{"node": "a", "interface": "to-b"}, {"node": "b", "interface": "to-a"}]
    defaults = DEFAULTS | settings.pop("defaults", {})
    topology = {
        "defaults": defaults,
        "nodes": {node: {"binds": [f"{node}:/etc/offnet:ro"]} for node in ("a", "b")},
        "links": [{"type": "veth", "mtu": 1400, "endpoints": ends}],
    }
    document = {"name": name, **settings, "topology": topology}
    (folder / f"{name}.clab.yml").write_text(yaml.safe_dump(document))
    return folder
