"""Option 3 of the introduction: the mesh of lab ce-ce without a provider, by one word of lab.yml."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from offnet.checks.derive import derive
from offnet.experiments.bench import Bench
from offnet.experiments.overlays import sights
from offnet.network.model import Crypto, Role

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def mesh(running_variant: Callable[..., AbstractContextManager[Bench]]) -> Iterator[Bench]:
    changes = {"vpn1-mesh": {"across": "internet"}}
    with running_variant("mesh-internet", Crypto.MODERN, overlays=changes, lab="ce-ce") as running:
        yield running


def test_every_proof_holds(mesh: Bench) -> None:
    proved = {claim.name: claim.prove(mesh) for claim in derive(mesh.network)}
    assert {name: told.seen for name, told in proved.items() if not told.holds} == {}
    assert any(name.startswith(f"{mesh.network.capture_point} sees ESP and IKE") for name in proved)


def test_every_router_is_exposed_to_the_internet(mesh: Bench) -> None:
    (overlay,), (inet,) = mesh.network.overlays, mesh.network.role(Role.INTERNET)
    addresses = {t.initiator_address for t in overlay.tunnels} | {
        t.responder_address for t in overlay.tunnels
    }
    for address in addresses:
        done = mesh.lab.run(inet.name, ["ping", "-n", "-c", "1", "-W", "2", str(address)], timeout=10)
        assert "1 received" in done.stdout, f"{address} does not answer the Internet"
    seen = mesh.once(sights)[inet.name].before
    assert {str(address) for address in addresses} <= {packet.source for packet in seen}
