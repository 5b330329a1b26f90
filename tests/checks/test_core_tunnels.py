"""Judging tunnels between PEs (proofs 1, 4, 5), and reach where they are on the way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from offnet import intent, resources
from offnet.checks import core_tunnels as topic
from offnet.checks import reach
from offnet.design import design
from offnet.experiments.core_transit import Crossed, Transit, transits_of, wanted_crossings
from offnet.experiments.core_tunnels import PROBES, Fit, Passage, largest, travellers
from offnet.experiments.reach import PROBES as REACH_PROBES
from offnet.experiments.reach import PairProbe, core_growth
from offnet.experiments.state import Sas
from offnet.intent.loader import plain_data
from offnet.network.model import CoreTunnel, Crypto, Network
from offnet.observe.packet import Kind, Packet

SIZE = 1396
FIT = Fit(largest_answered=True, next_answered=False, told=SIZE, fragmented_answered=True)
PASSAGE = Passage(
    PROBES,
    {"pe2": PROBES, "pe3": PROBES},
    {"pe2": PROBES, "pe3": PROBES},
    {"pe2": 2 * PROBES, "pe3": 9 * PROBES},
)


@pytest.fixture(params=list(Crypto))
def pe_pe(request: pytest.FixtureRequest) -> Network:
    return design(intent.load(resources.labs() / "pe-pe"), request.param)


@pytest.fixture
def tunnel(pe_pe: Network) -> CoreTunnel:
    return pe_pe.core_tunnels[0]


def test_every_tunnel_has_travellers_an_on_net_one_first(pe_pe: Network) -> None:
    chosen = travellers(pe_pe)
    assert len(chosen) == len(pe_pe.core_tunnels)
    for tunnel, source, target in chosen.values():
        assert {source.pe, target.pe} == {end.node for end in tunnel.ends}
        assert source.tunnel is None or target.tunnel is not None


def test_the_largest_packet_leaves_room_for_one_label(tunnel: CoreTunnel) -> None:
    assert largest(tunnel) == tunnel.mtu - 4


def test_probes_that_are_counted_once_each_way_hold() -> None:
    assert topic.judge_passage(PASSAGE).holds


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({"replies": 2}, "2 of 3 replies"),
        ({"sent": {"pe2": 0, "pe3": PROBES}}, "pe2 sent 0"),
        ({"received": {"pe2": PROBES, "pe3": 6}}, "pe3 received 6"),
        ({"grown": {"pe2": 5, "pe3": 9}}, "the SAs at pe2 grew by 5"),
    ],
)
def test_a_probe_that_took_another_way_is_told(changes: dict[str, Any], seen: str) -> None:
    judged = topic.judge_passage(replace(PASSAGE, **changes))
    assert (judged.holds, judged.seen) == (False, seen)


def test_a_tunnel_that_tells_its_mtu_holds() -> None:
    assert topic.judge_fit(SIZE, FIT).holds


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({"largest_answered": False}, "1396 bytes with DF not answered"),
        ({"next_answered": True}, "1397 bytes with DF answered"),
        ({"told": None}, "told MTU: none"),
        ({"told": 1442}, "told MTU: 1442"),
        ({"fragmented_answered": False}, "1500 bytes without DF not answered"),
    ],
)
def test_a_black_hole_is_told(changes: dict[str, Any], seen: str) -> None:
    judged = topic.judge_fit(SIZE, replace(FIT, **changes))
    assert (judged.holds, judged.seen) == (False, seen)


def test_a_tunnel_without_sas_is_told(pe_pe: Network, tunnel: CoreTunnel) -> None:
    connections = {end.node: pe_pe.node(end.node).connection(end.connection) for end in tunnel.ends}
    nothing = Sas({end.node: () for end in tunnel.ends}, {})
    judged = topic.judge_sas(tunnel, connections, nothing)
    assert not judged.holds
    assert all(f"{end.node}: no SA gre as intended, but none" in judged.seen for end in tunnel.ends)


def test_esp_of_nobody_known_is_told(tunnel: CoreTunnel) -> None:
    state = Sas({end.node: () for end in tunnel.ends}, {})
    ends = (str(tunnel.a.outer), str(tunnel.b.outer))
    packet = Packet(0.0, 100, Kind.ESP, 0x0800, source=ends[0], destination=ends[1], spi=1)
    judged = topic.judge_wire(tunnel, state, (packet,))
    told = [f"to {end.node}: {count} packets, none under its SPIs" for count, end in enumerate(tunnel.ends)]
    assert judged.seen == "; ".join(told)


def test_reach_wants_the_sas_between_the_pes_to_grow(pe_pe: Network, tunnel: CoreTunnel) -> None:
    _, source, target = travellers(pe_pe)[tunnel.name]
    probes = 2 * 2 * REACH_PROBES  # host and marker, requests and replies
    grown = {(end.node, end.connection): probes for end in tunnel.ends}
    short = grown | {(tunnel.b.node, tunnel.b.connection): probes - 1}
    state = Sas({}, {})
    for core, told in ((grown, False), (short, True)):
        seen = PairProbe(source.name, target.name, REACH_PROBES, REACH_PROBES, REACH_PROBES, {}, core=core)
        judged = reach.judge(pe_pe, source, target, state, {(source.name, target.name): seen})
        text = f"the SAs of {tunnel.b.node} with {tunnel.b.connection} grew by {probes - 1}, not by {probes}"
        assert (text in judged.seen) is told


def test_an_sa_that_ends_takes_no_growth_of_others_away() -> None:
    before = {("pe3", "vpn-gw1-east", 1): 10, ("pe3", "vpn-gw1-east", 2): 4}
    after = {("pe3", "vpn-gw1-east", 2): 16}
    assert core_growth(before, after) == {("pe3", "vpn-gw1-east"): 12}


# ---- PEs without a tunnel between them -----------------------------------------------------


@pytest.fixture
def partial() -> Network:
    data = plain_data(resources.labs() / "pe-pe")
    data["provider"]["links"] = [["vpn-gw1-east", "pe3"], ["pe3", "pe2"]]
    return design(intent.LabIntent.model_validate(data))


@pytest.fixture
def transit(partial: Network) -> Transit:
    (found,) = transits_of(partial).values()
    return found


CROSSED = Crossed(
    PROBES,
    (16, 80),
    {
        "vpn-gw1-east": {("sent", 2): PROBES, ("received", 1): PROBES},
        "pe2": {("sent", 2): PROBES, ("received", 1): PROBES},
        "pe3": {("received", 2): 2 * PROBES, ("sent", 1): 2 * PROBES},
    },
    FIT,
)


def test_a_full_mesh_has_no_transit(pe_pe: Network) -> None:
    assert not transits_of(pe_pe)


def test_a_transit_is_between_sites_of_one_vpn_at_pes_without_a_tunnel(
    partial: Network, transit: Transit
) -> None:
    assert partial.core_tunnel(transit.source.pe, transit.target.pe) is None
    assert transit.source.vpn == transit.target.vpn
    assert (transit.tunnels, transit.largest) == (2, partial.core_tunnels[0].mtu - 8)


def test_a_line_of_tunnels_is_crossed_under_two_labels_until_the_last(transit: Transit) -> None:
    wanted = wanted_crossings(replace(transit, tunnels=3))
    assert wanted["PEs between them", "received", 2] == 4 * PROBES
    assert wanted["PEs between them", "sent", 2] == wanted["PEs between them", "sent", 1] == 2 * PROBES


def test_a_transit_that_is_counted_everywhere_holds(transit: Transit) -> None:
    assert topic.judge_transit(transit, CROSSED).holds


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({"replies": 1}, "1 of 3 replies"),
        ({"stack": (80,)}, "imposes labels (80,)"),
        ({"counted": {**CROSSED.counted, "pe3": {}}}, "PEs between them sent 0 with 1 labels, not 6"),
        ({"counted": {**CROSSED.counted, "pe2": {}}}, "both ends sent 3 with 2 labels, not 6"),
    ],
)
def test_a_transit_that_is_not_as_it_must_be_is_told(
    transit: Transit, changes: dict[str, Any], seen: str
) -> None:
    verdict = topic.judge_transit(transit, replace(CROSSED, **changes))
    assert not verdict.holds
    assert seen in verdict.seen
