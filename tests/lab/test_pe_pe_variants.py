"""MP-BGP of PE-PE tunnels elsewhere than between loopbacks: as printed, and outside the tunnels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pytest

from offnet.checks.derive import derive
from offnet.experiments.bench import Bench
from offnet.experiments.labels import vpn_route
from offnet.network.model import Crypto, Role
from offnet.observe import frr
from offnet.observe.question import ask

pytestmark = pytest.mark.lab
BGP = 179


@dataclass(frozen=True)
class Case:
    """Where MP-BGP runs, and in which variant of the crypto that is tried."""

    bgp: str
    crypto: Crypto
    in_clear: bool = False

    def __str__(self) -> str:
        return f"{self.bgp}{'-in-clear' if self.in_clear else ''}"


CASES = (
    Case("tunnel", Crypto.AS_PRINTED),
    Case("outside", Crypto.MODERN),
    Case("outside", Crypto.MODERN, in_clear=True),
)


@pytest.fixture(scope="module", params=CASES, ids=str)
def case(request: pytest.FixtureRequest) -> Case:
    chosen: Case = request.param
    return chosen


@pytest.fixture(scope="module")
def variant(case: Case, running_variant: Callable[..., AbstractContextManager[Bench]]) -> Iterator[Bench]:
    settings = {"bgp": case.bgp, "bgp_in_clear": case.in_clear}
    with running_variant(f"pe-pe-{case}", case.crypto, lab="pe-pe", protection=settings) as bench:
        yield bench


def test_derived_claims_hold_but_for_what_is_left_in_clear(case: Case, variant: Bench) -> None:
    verdicts = {claim.name: claim.prove(variant) for claim in derive(variant.network)}
    failed = {name: verdict.seen for name, verdict in verdicts.items() if not verdict.holds}
    if not case.in_clear:
        assert not failed
        return
    (seen,) = failed.values()
    assert failed.keys() == {f"{variant.network.capture_point} sees ESP, IKE and ARP only"}
    assert "protocol 6" in seen, "it is TCP that is seen"


def test_sessions_run_where_they_should_and_next_hops_lead_into_tunnels(case: Case, variant: Bench) -> None:
    network = variant.network
    ends = {(end.node, end.connection): end for tunnel in network.core_tunnels for end in tunnel.ends}
    for pe in network.role(Role.PE):
        peers = {peer.address for peer in ask(variant.lab, pe.name, frr.VPN_PEERS) if peer.established}
        others = [ends[other, pe.name] for node, other in ends if node == pe.name]
        assert peers == {end.inner if case.bgp == "tunnel" else end.outer for end in others}
        for site in (site for site in network.sites if site.pe != pe.name):
            far = ends[site.pe, pe.name]
            wanted = far.inner if case.bgp == "tunnel" else network.node(site.pe).loopback
            assert vpn_route(variant, pe, site).next_hop == wanted
