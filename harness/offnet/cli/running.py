"""A lab that is up, found by the name that the user typed."""

# ruff: noqa: PLC0415 - imports inside the functions keep the start quick

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from offnet.errors import UsageError

if TYPE_CHECKING:
    from offnet.network.model import Network
    from offnet.runtime.base import RunningLab


@contextmanager
def attached(lab: str, node: str | None = None) -> Iterator[tuple[RunningLab, Network]]:
    """The running lab and its network; UsageError where it has no such node or is not running."""
    from offnet import intent
    from offnet.cli.network import lab_folder
    from offnet.runtime import labs
    from offnet.session import network_of_running

    network = network_of_running(intent.load(lab_folder(lab)))
    if node is not None:
        known_node(network, node)
    running = labs.attach(network.name)
    try:
        yield running, network
    finally:
        running.close()


def known_node(network: Network, node: str) -> None:
    """UsageError with the nodes there are, and the likeliest of them, unless this is one."""
    from difflib import get_close_matches

    names = [item.name for item in network.nodes]
    if node not in names:
        near = get_close_matches(node, names, 1)
        hint = f": did you mean {near[0]}?" if near else "."
        raise UsageError(f"{network.name} has no node {node!r}{hint} It has: {', '.join(names)}")
