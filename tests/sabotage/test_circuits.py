"""The proofs about layer 2 circuits can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from ipaddress import IPv4Network

import pytest

from offnet.checks import circuits, routes
from offnet.experiments.bench import Bench
from offnet.experiments.circuits import PROBES, sources
from offnet.experiments.presence import await_presence
from offnet.experiments.subjects import learners, places
from offnet.network.model import Crypto
from tests.sabotage.breaking import DEADLINE, broken, failing, names

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def l2vpn(running_variant: Callable[..., AbstractContextManager[Bench]]) -> Iterator[Bench]:
    with running_variant("sabotage-l2vpn", Crypto.MODERN, lab="l2vpn") as bench:
        yield bench


def test_circuits_fail_when_a_vrf_leaks_into_the_circuit_of_another_vpn(l2vpn: Bench) -> None:
    (site, _), (_, other) = l2vpn.network.circuits()
    claims = list(circuits.claims(l2vpn.network))
    table = l2vpn.network.node(site.pe).default.vrf(site.vpn).table
    leaked = IPv4Network(site.host)
    leak = f"{leaked} table {table}"
    way = f"{leak} via {other.far_address} dev {other.interface} onlink"
    with broken(l2vpn, site.pe, f"ip route add {way}", f"ip route del {leak}"):
        seen = failing(l2vpn, claims)
    (name,) = names(claims, f"{sources(l2vpn.network)[site.name].name} to {site.name}")
    assert seen.keys() == {name}
    assert f"requests by tag: {{{other.vlan}: {PROBES}}}" in seen[name]
    await_presence(l2vpn.lab, places(l2vpn.network, site)[1:], leaked, wanted=False, seconds=DEADLINE)
    assert not failing(l2vpn, claims)


def test_routes_fail_when_the_circuit_announces_no_reverse_routes(l2vpn: Bench) -> None:
    network = l2vpn.network
    site, tunnel = next(network.tunnels())
    claims = list(routes.claims(network))
    lines = ("configure terminal", f"router ospf vrf {tunnel.vrf}")
    vtysh = " ".join(["vtysh", *(f"-c '{line}'" for line in lines)])
    silent, again = f"{vtysh} -c 'no redistribute kernel'", f"{vtysh} -c 'redistribute kernel'"

    def announced(*, wanted: bool) -> None:
        for spoke in (spoke for spoke, _ in network.tunnels() if spoke.vpn == site.vpn):
            far = tuple(place for place in places(network, spoke) if place[0] != spoke.pe)
            await_presence(l2vpn.lab, far, spoke.lan, wanted=wanted, seconds=DEADLINE)

    with broken(l2vpn, site.pe, silent, again):
        announced(wanted=False)
        seen = failing(l2vpn, claims)
    announced(wanted=True)
    expected = {
        name
        for spoke, _ in network.tunnels()
        for other in learners(network, spoke)
        if spoke.vpn == site.vpn
        for name in names(claims, f"{spoke.name}:", f"announced on the circuit to {other.name}")
    }
    assert seen == dict.fromkeys(expected, "no such route")
