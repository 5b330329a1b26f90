"""Addresses that nobody has: what PEs still ask for is given up now instead of in three seconds."""

from __future__ import annotations

from offnet.experiments.bench import Bench, gather
from offnet.network.model import Role

FLUSH = ("ip", "neighbor", "flush", "nud", "incomplete")


def give_up_neighbors(bench: Bench) -> None:
    """Has every probe answered that waits for ARP: with an error, which an SA carries that is counted."""
    routers = [node.name for node in bench.network.role(Role.PE)]
    gather(routers, lambda router: bench.lab.run(router, FLUSH, timeout=10))
