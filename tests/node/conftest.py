"""The agent as it is imported outside a node, and an in-memory kernel."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from offnet.node.agent.config import Config, Policy
from offnet.node.agent.decision import Route
from offnet.node.agent.ledger import Changes

EAST, NORTH = IPv4Network("10.0.67.0/24"), IPv4Network("10.0.68.0/24")
SHARED = IPv4Network("10.0.70.0/24")


class MemoryKernel:
    """Routes in a set; counts how often each change was asked for."""

    def __init__(self) -> None:
        self.present: set[Route] = set()
        self.changes: list[Changes] = []

    def if_ids(self) -> dict[str, int]:
        return {"ipsec1": 1, "ipsec2": 2}

    def routes(self) -> frozenset[Route]:
        return frozenset(self.present)

    def apply(self, changes: Changes) -> list[str]:
        self.changes.append(changes)
        self.present -= set(changes.remove)
        self.present |= set(changes.add) | set(changes.replace)
        return []


@pytest.fixture
def kernel() -> MemoryKernel:
    return MemoryKernel()


@pytest.fixture
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    return Config(
        socket=str(tmp_path_factory.mktemp("run") / "charon.vici"),
        protocol=200,
        policies=(
            Policy("east1", "vpn1", 1001, "ipsec1", (EAST,)),
            Policy("north1", "vpn1", 1001, "ipsec1", (NORTH,)),
            Policy("east2", "vpn2", 1002, "ipsec2", (EAST,)),
            Policy("still2", "vpn2", 1002, "ipsec2", (IPv4Network("10.0.69.0/24"),), static=True),
            Policy("shared1", "vpn1", 1001, "ipsec1", (SHARED,), identity="a.vpn1.example"),
        ),
    )
