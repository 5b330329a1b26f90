"""Judging the wire (proof 4), and clear packets from the Internet (proof 2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from offnet.checks import wire as topic
from offnet.checks.claim import Claim
from offnet.checks.sa_pairs import sa_pair
from offnet.experiments.state import Sas
from offnet.experiments.wire import CONTROL_LENGTH, Wire
from offnet.network.model import Network, Site, Tunnel
from offnet.observe.packet import Kind, Packet

Find = Callable[..., Claim[Any]]
IP, ARP = 0x0800, 0x0806


@pytest.fixture
def wire(network: Network, sas: Sas) -> Wire:
    """ESP both ways under the SPIs of every SA, one IKE message, ARP; then the control."""
    before = [Packet(0.0, 60, Kind.ARP, ARP), Packet(0.0, 200, Kind.IKE, IP)]
    for site, tunnel in network.tunnels():
        pair = sa_pair(sas, site)
        assert pair is not None
        before += [esp(tunnel, pair.to_gateway, inward=True), esp(tunnel, pair.to_site, inward=False)]
    control = (Packet(1.0, CONTROL_LENGTH + 14, Kind.ICMP, IP),)
    return Wire(tuple(before), control, {site.name: 0 for site in network.sites[:2]})


def esp(tunnel: Tunnel, spi: int, *, inward: bool) -> Packet:
    ends = (str(tunnel.address), str(tunnel.gateway_address))
    source, destination = ends if inward else ends[::-1]
    return Packet(0.5, 150, Kind.ESP, IP, source=source, destination=destination, spi=spi)


def without(wire: Wire, kind: Kind) -> Wire:
    return replace(wire, before=tuple(packet for packet in wire.before if packet.kind is not kind))


def test_a_healthy_lab_holds_every_claim(network: Network, sas: Sas, wire: Wire) -> None:
    looked = {
        claim.name: claim.judge((sas, wire) if "SPIs" in claim.name else wire)
        for claim in topic.claims(network)
    }
    assert [name for name, verdict in looked.items() if not verdict.holds] == []


@pytest.mark.parametrize("kind", [Kind.ICMP, Kind.GRE, Kind.OTHER])
def test_a_packet_of_another_kind_is_told(wire: Wire, kind: Kind) -> None:
    packet = Packet(0.1, 84, kind, IP, source="10.0.67.10", destination="10.1.1.10")
    verdict = topic.judge_kinds(replace(wire, before=(*wire.before, packet)))
    assert not verdict.holds
    assert f"{kind} 10.0.67.10 > 10.1.1.10" in verdict.seen


@pytest.mark.parametrize("kind", [Kind.ESP, Kind.IKE])
def test_a_capture_that_saw_nothing_proves_nothing(wire: Wire, kind: Kind) -> None:
    verdict = topic.judge_kinds(without(wire, kind))
    assert (verdict.holds, verdict.seen) == (
        False,
        "no ESP or no IKE at all: the capture saw nothing of the tunnels",
    )


@pytest.mark.parametrize(
    "control",
    [
        (),
        (Packet(1.0, CONTROL_LENGTH - 1, Kind.ICMP, IP),),
        (Packet(1.0, CONTROL_LENGTH + 14, Kind.ESP, IP),),
    ],
)
def test_a_control_that_is_not_seen_is_told(wire: Wire, control: tuple[Packet, ...]) -> None:
    verdict = topic.judge_control(replace(wire, control=control))
    assert (verdict.holds, verdict.seen) == (False, "0 clear packets seen")


def test_a_clear_packet_inside_a_vpn_is_told(wire: Wire) -> None:
    verdict = topic.judge_entry(replace(wire, arrived={"ce1": 2, "ce2": 0}))
    assert (verdict.holds, verdict.seen) == (False, "2 arrived at ce1")


def test_an_spi_that_is_not_seen_is_told(
    network: Network, sas: Sas, wire: Wire, site: tuple[Site, Tunnel], find: Find
) -> None:
    where, tunnel = site
    pair = sa_pair(sas, where)
    assert pair is not None
    fewer = replace(wire, before=tuple(p for p in wire.before if p.spi != pair.to_site))
    verdict = find(topic.claims(network), f"{where.name}: the SPIs").judge((sas, fewer))
    seen = f"SPI {pair.to_site:08x} not seen from {tunnel.gateway_address} to {tunnel.address}"
    assert (verdict.holds, verdict.seen) == (False, seen)


def test_an_spi_between_other_addresses_is_told(
    network: Network, sas: Sas, wire: Wire, site: tuple[Site, Tunnel], find: Find
) -> None:
    where, _ = site
    pair = sa_pair(sas, where)
    assert pair is not None
    stray = Packet(0.5, 150, Kind.ESP, IP, source="192.0.2.1", destination="192.0.2.9", spi=pair.to_site)
    looked = (sas, replace(wire, before=(*wire.before, stray)))
    verdict = find(topic.claims(network), f"{where.name}: the SPIs").judge(looked)
    assert (verdict.holds, verdict.seen) == (False, f"SPI {pair.to_site:08x} from 192.0.2.1 to 192.0.2.9")


def test_nothing_goes_to_a_site_that_nothing_routes(
    static: Network, sas: Sas, wire: Wire, find: Find
) -> None:
    where = static.site("spoke-vpn2-east")
    pair = sa_pair(sas, where)
    assert pair is not None
    inward = replace(wire, before=tuple(p for p in wire.before if p.spi != pair.to_site))
    assert find(topic.claims(static), f"{where.name}: the SPIs").judge((sas, inward)).holds


def test_the_wire_of_no_sa_is_told(
    network: Network, sas: Sas, wire: Wire, site: tuple[Site, Tunnel], find: Find
) -> None:
    nothing = replace(sas, ike=dict.fromkeys(sas.ike, ()))
    verdict = find(topic.claims(network), f"{site[0].name}: the SPIs").judge((nothing, wire))
    assert verdict.seen == f"no current SA of {site[0].name} at both ends"
