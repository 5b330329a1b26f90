"""What charon holds is the same, whether swanctl loads it from its file or VICI from the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from offnet.experiments.bench import Bench
from offnet.network.model import Crypto, Node

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module", params=list(Crypto))
def variant(
    request: pytest.FixtureRequest, running_variant: Callable[..., AbstractContextManager[Bench]]
) -> Iterator[Bench]:
    with running_variant("vici-equals-swanctl", request.param) as bench:
        yield bench


def all_of(bench: Bench, node: Node) -> tuple[str, ...]:
    """Everything that charon tells of its connections (also what our types leave out), and its keys."""
    raw = ["swanctl", "--list-conns", "--raw", "--uri", "unix:///run/charon.vici"]
    connections = bench.lab.run(node.name, raw).stdout.splitlines()
    return *sorted(connections), *sorted(bench.vici(node.name).shared())


def reload(bench: Bench, node: Node) -> None:
    """Empties a charon and fills it over VICI."""
    assert node.ike is not None
    charon = bench.vici(node.name)
    for held in charon.list_conns():
        charon.unload_conn(held.name)
    for key in charon.shared():
        charon.unload_shared(key)
    assert (charon.list_conns(), charon.shared()) == ((), ())
    for secret in node.ike.secrets:
        charon.load_shared(secret)
    for connection in node.ike.connections:
        charon.load_conn(connection)


@pytest.mark.parametrize("end", ["aggregator", "site"])
def test_both_ways_leave_the_same_in_charon(variant: Bench, end: str) -> None:
    site, tunnel = next(variant.network.tunnels())
    node = variant.network.node(tunnel.gateway if end == "aggregator" else site.node)
    assert node.ike is not None
    loaded_by_swanctl = all_of(variant, node)
    typed = variant.vici(node.name).list_conns()
    reload(variant, node)
    assert all_of(variant, node) == loaded_by_swanctl
    assert variant.vici(node.name).list_conns() == typed
    assert [connection.name for connection in typed] == [
        connection.name for connection in node.ike.connections
    ]
