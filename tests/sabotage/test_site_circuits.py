"""The proofs about a circuit that a tunnel runs over can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from offnet.checks import wire
from offnet.experiments.bench import Bench
from offnet.experiments.reach import reach as reach_experiment
from offnet.experiments.subjects import Subject, subjects
from offnet.experiments.wire import CONTROL_LENGTH, wire_capture
from offnet.network.model import Crypto
from tests.sabotage.breaking import blind, broken, failing, leak, names, renew

pytestmark = pytest.mark.lab
ADDRESS = "172.30.1.2"
GUARD = "nft -f /etc/offnet/nftables.conf"


@pytest.fixture(scope="module")
def circuit(running_variant: Callable[..., AbstractContextManager[Bench]]) -> Iterator[Bench]:
    """The single-ip lab, in which one site of two comes by a circuit to the aggregator."""
    way = {"gateway": "vpn-gw1-east", "address": f"{ADDRESS}/30", "across": "circuit"}
    with running_variant(
        "sabotage-circuit",
        Crypto.MODERN,
        sites={"spoke-vpn2-east": {"ipsec": way}},
        profiles={"vpn2": {"match": {"address": [ADDRESS]}}},
        keyrings={"vpn2": {ADDRESS: "vpn2ikev2"}},
    ) as bench:
        yield bench


@pytest.fixture
def chosen(circuit: Bench) -> Subject:
    """The site on the circuit."""
    (found,) = (subject for subject in subjects(circuit.network) if subject.tunnel.circuit)
    return found


def on_the_wire(lab: Bench, chosen: Subject, *before: Callable[[], None]) -> dict[str, str]:
    """What fails about the circuit, with captures that have seen its negotiation and all SAs in use."""
    claims = [claim for claim in wire.claims(lab.network) if claim.name.startswith("circuit ")]
    acts = [wire_capture, *(lambda _, act=act: act() for act in before)]
    return failing(lab, claims, *acts, lambda _: renew(lab, chosen), reach_experiment)


def test_the_circuit_of_a_healthy_lab_holds_every_claim(circuit: Bench, chosen: Subject) -> None:
    assert not on_the_wire(circuit, chosen)


def test_a_packet_in_clear_on_the_circuit_is_seen(circuit: Bench, chosen: Subject) -> None:
    def leave_in_clear() -> None:
        with broken(circuit, chosen.site.node, "nft delete table ip guard; ip xfrm policy flush", GUARD):
            leak(circuit, chosen)

    seen = on_the_wire(circuit, chosen, leave_in_clear)
    (name,) = names(wire.claims(circuit.network), "circuit ", "ESP, IKE and ARP only")
    assert seen.keys() == {name}
    assert f"icmp {chosen.site.host} > {chosen.partner.host}" in seen[name]


def test_a_control_that_is_not_seen_on_the_circuit_is_told(circuit: Bench, chosen: Subject) -> None:
    with blind(circuit, chosen.site.node, CONTROL_LENGTH):
        seen = on_the_wire(circuit, chosen)
    (name,) = names(wire.claims(circuit.network), "circuit ", "positive control")
    assert seen == {name: "0 clear packets seen"}


def test_a_circuit_that_leads_into_a_vpn_is_told(circuit: Bench, chosen: Subject) -> None:
    target, gateway = chosen.partner, chosen.tunnel.gateway
    leaked = f"{target.host}/32 dev {target.vpn}"
    opening = f"nft delete table ip front-doors; ip route add {leaked}"
    with broken(circuit, gateway, opening, f"ip route del {leaked}; {GUARD}"):
        seen = on_the_wire(circuit, chosen)
    (name,) = names(wire.claims(circuit.network), "circuit ", "enter no VPN")
    assert seen.keys() == {name}
    assert f"arrived at {target.name}" in seen[name]
