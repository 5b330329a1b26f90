"""A lab of two nodes without daemons."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from offnet.runtime.state import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    root = tmp_path / "state"
    root.mkdir()
    return Store(root)


@pytest.fixture
def write_lab(tmp_path: Path) -> Callable[[str], Path]:
    return lambda name: write(tmp_path / name, name)


@pytest.fixture
def two(write_lab: Callable[[str], Path]) -> Path:
    return write_lab("two")


def write(folder: Path, name: str) -> Path:
    """Nodes ``a`` and ``b``, 10.0.0.1 and 10.0.0.2, on one link; no daemons."""
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
    topology = {
        "defaults": {"kind": "linux", "image": "offnet-node", "network-mode": "none"},
        "nodes": {node: {"binds": [f"{node}:/etc/offnet:ro"]} for node in ("a", "b")},
        "links": [{"type": "veth", "mtu": 1400, "endpoints": ends}],
    }
    (folder / f"{name}.clab.yml").write_text(yaml.safe_dump({"name": name, "topology": topology}))
    return folder
