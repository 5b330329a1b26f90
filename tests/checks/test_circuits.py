"""Judging circuits of layer 2 networks (proofs 2 and 3)."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from offnet import intent, resources
from offnet.checks import circuits as topic
from offnet.checks.routes import judge_ospf
from offnet.design import design
from offnet.experiments.circuits import PROBES, Crossing
from offnet.network.model import Circuit
from offnet.observe.kernel_model import MAIN_TABLE, Hop, KernelRoute

LAN, NEAR = IPv4Network("10.0.67.0/24"), IPv4Address("10.253.0.1")
ROUTE = KernelRoute(MAIN_TABLE, LAN, "unicast", "ospf", 20, (Hop(NEAR, "circuit", ()),))


@pytest.fixture
def circuit() -> Circuit:
    network = design(intent.load(resources.labs() / "l2vpn"))
    return next(circuit for _, circuit in network.circuits())


def crossing(circuit: Circuit) -> Crossing:
    """What a healthy circuit shows."""
    return Crossing("spoke-vpn1-east", PROBES, {circuit.vlan: PROBES}, {circuit.vlan: PROBES})


def test_probes_with_the_tag_of_the_circuit_hold(circuit: Circuit) -> None:
    assert topic.judge(circuit, crossing(circuit)).holds


def test_another_tag_is_told(circuit: Circuit) -> None:
    seen = replace(crossing(circuit), requests={circuit.vlan: PROBES, 102: 1})
    assert topic.judge(circuit, seen).seen == "requests by tag: {101: 3, 102: 1}"


def test_probes_that_cross_nothing_are_told(circuit: Circuit) -> None:
    seen = topic.judge(circuit, Crossing("spoke-vpn1-east", 0, {}, {}))
    assert seen.seen == "0 of 3 replies; requests by tag: none; replies by tag: none"


@pytest.mark.parametrize(
    ("found", "holds"),
    [
        ([ROUTE], True),
        ([], False),
        ([ROUTE, ROUTE], False),
        ([replace(ROUTE, protocol="static")], False),
        ([replace(ROUTE, hops=(Hop(IPv4Address("10.253.0.5"), "circuit", ()),))], False),
    ],
)
def test_an_announced_prefix_is_one_ospf_route_by_the_circuit(found: list[KernelRoute], holds: bool) -> None:
    assert judge_ospf(found, NEAR).holds is holds


def test_a_learned_prefix_comes_by_the_interface_of_the_circuit() -> None:
    assert judge_ospf([ROUTE], NEAR, "circuit").holds
    assert not judge_ospf([ROUTE], NEAR, "metro.102").holds
