"""What the death of an aggregator owes, judged on observations made up by hand."""

from __future__ import annotations

import pytest

from offnet import intent, resources
from offnet.checks.derive import derive
from offnet.checks.failover import Failover, claims, judge_again, judge_crossing, judge_unmoved
from offnet.design import design
from offnet.experiments.failover import Crossing, Flow, flow_of, home_within, moved_within
from offnet.experiments.faults import SLACK, patience
from offnet.experiments.subjects import subject_of
from offnet.network.failover import leaders, led_by
from offnet.network.model import Network, Site


@pytest.fixture
def redundant() -> Network:
    return design(intent.load(resources.labs() / "redundancy"))


@pytest.fixture
def site(redundant: Network) -> Site:
    return led_by(redundant, leaders(redundant)[0])[0]


def test_only_labs_with_a_backup_owe_it(network: Network, redundant: Network) -> None:
    assert not list(claims(network))
    names = [claim.name for claim in claims(redundant)]
    gateway = leaders(redundant)[0]
    for moving in led_by(redundant, gateway):
        assert [name for name in names if moving.name in name and "dies: " in name]
        assert [name for name in names if moving.name in name and "returns: " in name]
    (other,) = (one for one, _ in redundant.tunnels() if one.pe != gateway)
    assert f"{gateway} dies and returns: {other.name} at {other.pe} loses nothing" in names
    assert [claim.name for claim in derive(redundant) if claim.proof == 0] == names


def test_the_time_is_that_of_dead_peer_detection(redundant: Network, site: Site) -> None:
    dead = patience(subject_of(redundant, site))
    ike = redundant.node(site.node).ike
    assert ike is not None
    assert ike.backup is not None
    assert moved_within(redundant, site) == dead + ike.backup.hold + SLACK
    assert home_within(redundant, site) > SLACK


def test_probes_that_were_never_sent_are_lost_as_well() -> None:
    outcomes = {7: True, 8: True, 11: False, 14: True, 15: False}
    flow = flow_of(outcomes)
    assert (flow.sent, flow.lost) == (8, 5), "9, 10, 12 and 13 are missing; 15 may still be answered"
    assert flow_of({7: False, 8: False}) == Flow(2, 2)
    assert flow_of({}) == Flow(0, 0)


def test_the_site_must_be_there_and_its_traffic_flow(site: Site) -> None:
    fine = judge_crossing(site, Crossing({site.name: Flow(500, 400)}))
    assert (fine.holds, fine.seen) == (True, "400 of 500 probes lost, 8.0 s in all")
    absent = judge_crossing(site, Crossing({site.name: Flow(500, 400)}, missing=(site.name,)))
    assert absent.seen == f"{site.name} has no SA there, or still another one"
    silent = judge_crossing(site, Crossing({site.name: Flow(500, 500, "no reply")}))
    assert silent.seen == "no reply"
    assert not absent.holds
    assert not silent.holds


@pytest.mark.parametrize(("away", "home"), [(0, 0), (1, 0), (0, 1)])
def test_who_is_elsewhere_loses_nothing(site: Site, away: int, home: int) -> None:
    crossings = [Crossing({site.name: Flow(100, lost)}) for lost in (away, home)]
    verdict = judge_unmoved(site, Failover(crossings[0], {}, crossings[1], {}))
    assert verdict.holds is (away + home == 0)
    assert verdict.seen == f"{away + home} of 200 probes lost"


def test_every_claim_must_hold_again() -> None:
    assert judge_again({}).holds
    assert judge_again({"reach": "0 replies"}).seen == "reach: 0 replies"
