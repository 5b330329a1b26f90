"""PE-PE encryption with an encrypted circuit: a CE with IPsec to its own PE, and one without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from offnet.checks.derive import derive
from offnet.experiments.bench import Bench
from offnet.experiments.probes import probe
from offnet.network.model import Crypto, Site
from offnet.observe.capture import Capture
from offnet.observe.packet import Kind, Packet

pytestmark = pytest.mark.lab
ADDRESS = "172.30.1.2"
PROBES, LENGTH = 3, 402


@pytest.fixture(scope="module", params=list(Crypto), ids=str)
def lab(
    request: pytest.FixtureRequest, running_variant: Callable[..., AbstractContextManager[Bench]]
) -> Iterator[Bench]:
    """In vpn1 the PE of the circuit has a site of the same VPN on the Internet, too."""
    circuit = {"gateway": "pe2", "address": f"{ADDRESS}/30", "across": "circuit"}
    north = {"gateway": "pe2", "address": "198.51.100.6/30"}
    addresses = ["198.51.100.2", "198.51.100.6", ADDRESS]
    with running_variant(
        "pe-ce-encrypted",
        request.param,
        lab="pe-pe",
        sites={"ce1": {"pe": None, "ipsec": circuit}, "spoke-vpn1-north": {"ipsec": north}},
        profiles={"vpn1": {"match": {"address": addresses}}},
        keyrings={"vpn1": {ADDRESS: "vpn1aes"}},
    ) as bench:
        yield bench


def test_every_claim_holds_those_of_the_circuit_as_well(lab: Bench) -> None:
    claims = derive(lab.network)
    names = {claim.name for claim in claims}
    (site,) = (site for site, tunnel in lab.network.tunnels() if tunnel.circuit)
    circuit = f"circuit {site.pe} - {site.node}"
    assert {name for name in names if name.startswith(circuit)} == {
        f"{circuit}: ESP, IKE and ARP only",
        f"{circuit}: positive control, a clear packet sent on purpose is seen",
        f"{circuit}: clear packets from it enter no VPN",
    }
    verdicts = {claim.name: claim.prove(lab) for claim in claims}
    assert not {name: verdict.seen for name, verdict in verdicts.items() if not verdict.holds}


def test_a_probe_is_in_esp_on_one_circuit_and_in_clear_on_the_other(lab: Bench) -> None:
    network = lab.network
    closed, opened = network.site("ce1"), network.site("ce2")
    for target in (closed, opened):
        source = next(s for s, _ in network.tunnels() if s.vpn == target.vpn and s.pe != target.pe)
        seen = on_circuit(lab, source, target)
        esp = [packet for packet in seen if packet.kind is Kind.ESP]
        readable = [packet for packet in seen if str(source.host) in (packet.source, packet.destination)]
        if target is closed:
            assert not readable
            assert len(esp) >= 2 * PROBES
        else:
            assert len(readable) == 2 * PROBES
            assert not esp


def on_circuit(lab: Bench, source: Site, target: Site) -> list[Packet]:
    """What passes between a site and its PE while another site sends probes to it, which are all answered."""
    with Capture(lab.lab, target.pe) as capture:
        answers = probe(lab.lab, source.node, source.host, (target.host,), count=PROBES, length=LENGTH)
        packets = capture.stop()
    assert answers.received[target.host] == PROBES
    return [packet for packet in packets if packet.interface == target.node]
