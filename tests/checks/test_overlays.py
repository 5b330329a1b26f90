"""The judges of overlays, on what a healthy mesh shows and on what a broken one would."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

import pytest

from offnet import intent, resources
from offnet.checks import overlay_reach, overlay_routes, overlay_wire
from offnet.checks.overlay_sas import claims, ends, judge_tunnel, mesh_pair
from offnet.design import design
from offnet.experiments.overlays import Sight
from offnet.experiments.reach import PROBES, PairProbe
from offnet.experiments.state import Routes, Sas
from offnet.experiments.subjects import as_tunnel
from offnet.network.model import Crypto, Network, Overlay, OverlayTunnel, Role
from offnet.observe.kernel_model import Hop, KernelRoute, XfrmState
from offnet.observe.packet import Direction, Kind, Packet
from tests.checks.conftest import FIRST_SPI, child_sa, ike_sa, xfrm_pair

NO_ROUTES = Routes({}, {}, {})


@pytest.fixture(params=list(Crypto))
def network(request: pytest.FixtureRequest) -> Network:
    return design(intent.load(resources.labs() / "ce-ce"), request.param)


@pytest.fixture
def mesh(network: Network) -> Overlay:
    return network.overlays[0]


@pytest.fixture
def tunnel(mesh: Overlay) -> OverlayTunnel:
    return mesh.tunnels[0]


@pytest.fixture
def sas(network: Network, mesh: Overlay) -> Sas:
    """One IKE_SA with one CHILD_SA at each end of every tunnel."""
    ike: dict[str, tuple[Any, ...]] = dict.fromkeys(mesh.sites, ())
    kernel: dict[str, tuple[XfrmState, ...]] = dict.fromkeys(mesh.sites, ())
    for number, tunnel in enumerate(mesh.tunnels):
        there, back = FIRST_SPI + 2 * number, FIRST_SPI + 2 * number + 1
        for end, (into, out) in zip(ends(network, tunnel), ((back, there), (there, back)), strict=True):
            own = end.connection
            child = replace(
                child_sa(own, into, out),
                local_ts=own.children[0].local_ts,
                remote_ts=own.children[0].remote_ts,
            )
            ike[end.site.name] += (ike_sa(own, child),)
            kernel[end.site.name] += xfrm_pair(as_tunnel(mesh, tunnel), into, out)
    return Sas(ike, kernel)


def without(state: Sas, site: str, peer: str) -> Sas:
    return Sas(state.ike | {site: tuple(sa for sa in state.ike[site] if sa.name != peer)}, state.kernel)


def test_a_whole_mesh_holds(network: Network, sas: Sas) -> None:
    assert [claim.name for claim in claims(network) if not claim.judge(sas).holds] == []


def test_a_tunnel_that_one_end_lacks(network: Network, tunnel: OverlayTunnel, sas: Sas) -> None:
    told = judge_tunnel(tunnel, ends(network, tunnel), without(sas, tunnel.responder, tunnel.initiator))
    assert not told.holds
    assert f"1 at {tunnel.initiator}, 0 at {tunnel.responder}" in told.seen


def test_an_sa_that_the_kernel_lacks(network: Network, tunnel: OverlayTunnel, sas: Sas) -> None:
    bare = Sas(sas.ike, sas.kernel | {tunnel.initiator: ()})
    told = judge_tunnel(tunnel, ends(network, tunnel), bare)
    assert not told.holds
    assert "is not in the SADB" in told.seen


def test_an_sa_for_another_lan(network: Network, tunnel: OverlayTunnel, sas: Sas) -> None:
    first = sas.ike[tunnel.initiator]
    wide = tuple(
        replace(sa, children=tuple(replace(c, remote_ts=("0.0.0.0/0",)) for c in sa.children)) for sa in first
    )
    told = judge_tunnel(tunnel, ends(network, tunnel), Sas(sas.ike | {tunnel.initiator: wide}, sas.kernel))
    assert "= 0.0.0.0/0" in told.seen
    assert not told.holds


def test_a_member_with_a_stranger(network: Network, mesh: Overlay, sas: Sas) -> None:
    name = mesh.sites[0]
    strange = replace(sas.ike[name][0], name="stranger")
    state = Sas(sas.ike | {name: (*sas.ike[name], strange)}, sas.kernel)
    wrong = {claim.name: seen for claim in claims(network) if not (seen := claim.judge(state)).holds}
    assert list(wrong) == [f"{name}: a tunnel to every other member of {mesh.name}, and no other"]


def test_reach_counts_the_pair_and_nobody_else(network: Network, mesh: Overlay, sas: Sas) -> None:
    a, b, c = (network.site(name) for name in mesh.sites[:3])
    pair, other = (mesh_pair(mesh.between(a.name, one.name), sas) for one in (b, c))
    assert pair is not None
    assert other is not None
    grown = {
        (site.name, spi): len({b.host, b.marker}) * PROBES
        for site in (a, b)
        for spi in (pair.to_initiator, pair.to_responder)
    }

    def judged(growth: dict[tuple[str, int], int], to_host: int = PROBES) -> bool:
        probes = {(a.name, b.name): PairProbe(a.name, b.name, PROBES, to_host, PROBES, growth)}
        return overlay_reach.judge(mesh, a, b, sas, probes).holds

    assert judged(grown)
    assert not judged(grown, to_host=PROBES - 1)
    assert not judged(grown | {(c.name, other.to_initiator): 1})
    assert not judged({})


@pytest.mark.parametrize("role", [Role.PE, Role.P])
def test_a_lan_in_the_global_table_is_told(network: Network, mesh: Overlay, role: Role) -> None:
    router, lan = network.role(role)[0], network.site(mesh.sites[0]).lan
    leaked = KernelRoute(254, lan, "unicast", "kernel", 0, (Hop(interface="lo", via=None, labels=()),))
    every = {node.name: () for node in network.nodes}
    for routes_there, holds in ((), True), ((leaked,), False):
        state = Routes(every | {router.name: routes_there}, every, every)  # type: ignore[arg-type]
        (claim,) = [c for c in overlay_routes.claims(network) if c.name.startswith(f"{router.name} knows")]
        assert claim.judge(state).holds is holds


def test_circuits_need_their_labels(network: Network, mesh: Overlay) -> None:
    pe = network.role(Role.PE)[0]
    state = Routes({pe.name: ()}, {pe.name: ()}, {})
    told = overlay_routes.judge_circuits(network, mesh, pe, state)
    assert not told.holds
    assert told.seen.count("0 routes") == len(mesh.circuits)


def packet(kind: Kind, **fields: Any) -> Packet:
    return Packet(0.0, 100, kind, 0x0800, **fields)


def test_one_clear_packet_in_the_vrf_is_told() -> None:
    esp, clear = packet(Kind.ESP, spi=1), packet(Kind.ICMP, source="10.0.67.10", destination="10.1.1.10")
    assert overlay_wire.judge_ciphertext(NO_ROUTES, Sight((esp,), ()), lambda *_: True).holds
    told = overlay_wire.judge_ciphertext(NO_ROUTES, Sight((esp, clear), ()), lambda *_: True)
    assert not told.holds
    assert "icmp 10.0.67.10 > 10.1.1.10" in told.seen


def test_a_capture_without_esp_proves_nothing() -> None:
    assert not overlay_wire.judge_ciphertext(NO_ROUTES, Sight((), ()), lambda *_: True).holds
    elsewhere = packet(Kind.ESP, spi=1, direction=Direction.IN)
    assert not overlay_wire.judge_ciphertext(NO_ROUTES, Sight((elsewhere,), ()), lambda *_: False).holds


def test_what_is_sent_without_any_overlay_is_not_its_affair(network: Network, mesh: Overlay) -> None:
    names = [claim.name for claim in overlay_wire.claims(network)]
    plain = [site.name for site in network.sites if site.overlay is None]
    assert [name for name in names if " reads the packets of " in name] == [
        f"{network.capture_point} reads the packets of {name}, which no overlay protects" for name in plain
    ]
    assert IPv4Network("0.0.0.0/0") not in mesh.circuits.values()
