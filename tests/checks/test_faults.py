"""What the faults owe, judged on observations made up by hand."""

from __future__ import annotations

import pytest

from offnet import intent, resources
from offnet.checks.faults import Aftermath, claims, judge
from offnet.design import design
from offnet.experiments.faults import SLACK, WHOLE_SECONDS, Endured, Fault, faults, patience, victim
from offnet.experiments.subjects import Subject
from offnet.network.model import Network


@pytest.fixture
def suffering(network: Network) -> Subject:
    subject = victim(network)
    assert subject is not None
    return subject


@pytest.fixture
def back(suffering: Subject) -> dict[str, float]:
    return {node: 1.0 for node, _ in suffering.tables}


def nothing(_: object) -> None:
    """A fault that only a test knows."""


def test_every_daemon_and_link_on_the_way_has_its_fault(network: Network, suffering: Subject) -> None:
    names = [claim.name for claim in claims(network)]
    gateway, site = suffering.tunnel.gateway, suffering.site.name
    for words in (
        "IKE_SA rekeyed",
        f"agent of {gateway} killed",
        f"bgpd of {gateway} killed",
        f"ospfd of {gateway} killed",
        f"charon of {gateway} killed",
        f"charon of {site} killed",
        f"core link between {gateway}",
        f"Internet access of {site} cut",
    ):
        assert any(name.startswith(words) for name in names), words


@pytest.mark.parametrize("lab", ["single-ip", "front-door-vrf", "remote-access", "certificates"])
def test_the_victim_loses_its_access_by_whatever_way_it_has_one(lab: str) -> None:
    """By the Internet's router or a NAT router."""
    network = design(intent.load(resources.labs() / lab))
    subject = victim(network)
    assert subject is not None
    assert len([fault for fault in faults(network, subject) if fault.name.startswith("Internet access")]) == 1


def test_an_overlay_has_no_route_and_its_sa_must_go() -> None:
    network = design(intent.load(resources.labs() / "ce-ce"))
    subject = victim(network)
    assert subject is not None
    assert network.site(subject.tunnel.gateway).pe != subject.site.pe
    named = {fault.name: fault for fault in faults(network, subject)}
    pe, site = subject.site.pe, subject.site.name
    assert {f"bgpd of {pe} killed", f"ospfd of {pe} killed", f"circuit of {site} cut"} <= named.keys()
    cut = named[f"circuit of {site} cut"]
    stays = judge(subject, cut, Aftermath(Endured(50, 20, {}, {}, ""), {}))
    assert stays.seen == f"SA of {site} not gone within {patience(subject):g} s"
    assert judge(subject, cut, Aftermath(Endured(50, 20, {subject.tunnel.gateway: 3.0}, {}, ""), {})).holds


def test_a_pe_of_a_core_without_links_is_cut_from_the_internet() -> None:
    network = design(intent.load(resources.labs() / "pe-pe"))
    subject = victim(network)
    assert subject is not None
    (cut,) = (f for f in faults(network, subject) if f.name == f"Internet access of {subject.site.pe} cut")
    assert not cut.core
    assert cut.detect == patience(subject)


def test_a_dead_peer_is_found_as_configured(network: Network, suffering: Subject) -> None:
    own = suffering.connection
    assert patience(suffering) == own.dpd_delay + own.dpd_timeout + WHOLE_SECONDS
    (cut,) = (fault for fault in faults(network, suffering) if fault.name.startswith("Internet access"))
    assert cut.detect == patience(suffering)
    assert cut.seconds == patience(suffering) + SLACK


@pytest.mark.parametrize(
    ("lost", "complaint", "wrong"),
    [(0, "", ""), (1, "", ""), (0, "no reply", ""), (0, "", "nobody is reached")],
)
def test_what_a_rekeying_may_cost(suffering: Subject, lost: int, complaint: str, wrong: str) -> None:
    fault = Fault("rekeyed", nothing, lossless=True)
    back = {node: 1.0 for node, _ in suffering.tables}
    seen = Aftermath(Endured(50, lost, {}, back, complaint), {"reach": wrong} if wrong else {})
    verdict = judge(suffering, fault, seen)
    said = complaint or wrong or f"{lost} of 50 probes lost"
    assert verdict.holds is (lost == 0 and not complaint and not wrong)
    assert said in verdict.seen


def test_a_route_must_go_and_come_back(suffering: Subject, back: dict[str, float]) -> None:
    fault = Fault("cut", nothing, detect=5.0)
    node = suffering.tables[0][0]
    cost = Endured(50, 20, {node: 3.0}, back, "")
    verdict = judge(suffering, fault, Aftermath(cost, {}))
    assert verdict.holds
    route = f"route of {suffering.site.name}"
    assert verdict.seen == f"{route} gone from {node} after 3.0 s; 20 of 50 probes lost, 0.4 s in all"
    stays = judge(suffering, fault, Aftermath(Endured(50, 20, {}, back, ""), {}))
    assert stays.seen == f"{route} not gone within 5 s"
    lost = judge(suffering, fault, Aftermath(Endured(50, 20, {node: 3.0}, {}, ""), {}))
    assert lost.seen == "; ".join(f"route not back at {name}" for name in back)
