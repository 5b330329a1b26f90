"""One lab under both runtimes: what daemons and kernels then hold is the same, field by field."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from offnet import resources
from offnet.experiments.bench import Bench
from offnet.experiments.state import routes, sas
from offnet.network.model import Crypto
from offnet.observe import kernel
from offnet.observe.question import ask
from offnet.session import bring_up

pytestmark = pytest.mark.lab

RUNTIMES = ("netns", "containerlab")
# What differs from run to run under one runtime too: numbers drawn by chance or in order of events, and
# what counts or ages.
VOLATILE = {
    "spi", "spi_in", "spi_out", "initiator_spi", "responder_spi", "unique_id", "reqid", "index", "label",
    "packets", "bytes", "packets_in", "packets_out", "bytes_in", "bytes_out", "rx_packets", "tx_packets",
    "established_seconds", "installed_seconds", "age", "uptime", "version_number", "last_update",
}  # fmt: skip
# Labels are drawn too: how many there are, and where, is what counts.
STACKS = {"labels", "out_labels", "remote_label", "local_label", "in_label", "out_label"}

State = dict[str, dict[str, list[str]]]


def shape(value: Any) -> Any:
    """A value without what differs from run to run."""
    if is_dataclass(value) and not isinstance(value, type):
        return {
            f.name: _field(f.name, getattr(value, f.name)) for f in fields(value) if f.name not in VOLATILE
        }
    if isinstance(value, (tuple, list, set, frozenset)):
        return [shape(entry) for entry in value]
    return str(value)


def _field(name: str, value: Any) -> Any:
    if name in STACKS:
        return len(value) if isinstance(value, tuple) else value is not None
    return shape(value)


def shapes(entries: Iterable[Any]) -> list[str]:
    return sorted(str(shape(entry)) for entry in entries)


def state(bench: Bench) -> State:
    """Topic, node, entries."""
    nodes = [node.name for node in bench.network.nodes]
    routers, tunnels = routes(bench), sas(bench)
    questions: dict[str, Callable[[str], Iterable[Any]]] = {
        "interfaces": lambda node: ask(bench.lab, node, kernel.INTERFACES),
        "rules": lambda node: ask(bench.lab, node, kernel.RULES),
        "routes": lambda node: ask(bench.lab, node, kernel.ROUTES),
        "labels": lambda node: ask(bench.lab, node, kernel.MPLS_ROUTES),
        "policies": lambda node: ask(bench.lab, node, kernel.XFRM_POLICIES),
    }
    seen = {topic: {node: shapes(look(node)) for node in nodes} for topic, look in questions.items()}
    held: dict[str, dict[str, tuple[Any, ...]]] = {
        "VPNv4 routes": dict(routers.vpn),
        "MPLS table": dict(routers.labels),
        "IKE_SAs": dict(tunnels.ike),
        "SADB": dict(tunnels.kernel),
    }
    return seen | {topic: {node: shapes(found) for node, found in of.items()} for topic, of in held.items()}


@pytest.fixture(scope="module", params=list(Crypto), ids=str)
def states(request: pytest.FixtureRequest) -> dict[str, State]:
    seen = {}
    for runtime in RUNTIMES:
        lab = resources.labs() / "single-ip"
        with bring_up(lab, request.param, runtime=runtime, host="sandbox") as session:
            assert session.running.runtime == runtime
            with closing(Bench(session.network, session.running)) as bench:
                seen[runtime] = state(bench)
    return seen


@pytest.mark.parametrize(
    "topic",
    ["interfaces", "rules", "routes", "labels", "policies", "VPNv4 routes", "MPLS table", "IKE_SAs", "SADB"],
)
def test_the_same_state(states: dict[str, State], topic: str) -> None:
    one, other = (states[runtime][topic] for runtime in RUNTIMES)
    assert any(one.values()), "nothing to compare"
    assert one == other
