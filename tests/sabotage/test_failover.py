"""The proofs about a backup, and about DSCP, can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import pytest

from offnet.checks import failover as topic
from offnet.checks import isolation, reach, routes, sas
from offnet.checks.failover import judge_again
from offnet.checks.faults import lasting_mistakes
from offnet.checks.marking import judge_inside, judge_outside
from offnet.experiments.bench import Bench
from offnet.experiments.convergence import converge
from offnet.experiments.death import Death
from offnet.experiments.failover import birth, death
from offnet.experiments.faults import AGENT
from offnet.experiments.marking import marking
from offnet.experiments.subjects import Subject, subject_of, subjects
from offnet.network.failover import leaders, led_by, without
from offnet.network.model import Crypto, Site, Tunnel
from tests.sabotage.breaking import failing, names

pytestmark = pytest.mark.lab
DPD = {"delay": 1, "timeout": 4}
UNMARKED = "copy_dscp = no"
SETTLING = 30.0
HOME = 30.0
"""Seconds; SAs are home long before, and what is not answered then will not be."""


@pytest.fixture(scope="module")
def lab(running_variant: Callable[..., AbstractContextManager[Bench]]) -> Iterator[Bench]:
    """The lab redundancy with short timers, which all tests break and mend."""
    gateways = {name: {"dpd": dict(DPD)} for name in ("vpn-gw1-east", "vpn-gw1-west")}
    with running_variant(
        "sabotage-failover", Crypto.AS_PRINTED, lab="redundancy", gateways=gateways
    ) as bench:
        yield bench
        converge(bench.network, bench.lab)
        left = lasting_mistakes(bench.network, bench.lab, SETTLING)
        assert not left, "a test did not mend what it broke"


@contextmanager
def held(lab: Bench, node: str) -> Iterator[None]:
    """The agent of a node stands still."""
    lab.lab.run(node, f"kill -STOP $(pgrep -f '{AGENT}')")
    try:
        yield
    finally:
        lab.lab.run(node, f"kill -CONT $(pgrep -f '{AGENT}')")


@contextmanager
def unknown(lab: Bench, at: Tunnel) -> Iterator[None]:
    """An aggregator does not know a site."""
    gateway, connection = lab.vici(at.gateway), lab.network.node(at.gateway).connection(at.gateway_connection)
    gateway.unload_conn(connection.name)
    try:
        yield
    finally:
        gateway.load_conn(connection)


class Contagious(Death):
    """The death of a node that costs another site its SA as well; what else is broken is mended with it."""

    victim: Subject
    broken: ExitStack

    def happen(self) -> None:
        """Both at once."""
        super().happen()
        self._bench.vici(self.victim.site.node).terminate(ike=self.victim.tunnel.site_connection)

    def revive(self, seconds: float) -> None:
        """All is mended, and the node returns."""
        self.broken.close()
        super().revive(seconds)


def test_who_has_no_backup_in_the_end_is_told_by_name(lab: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """One site does not ask its backup, one is not known there, and a third one suffers without need."""
    gateway, other = leaders(lab.network)
    deaf, stranger = led_by(lab.network, gateway)
    (bystander,) = led_by(lab.network, other)
    assert stranger.backup is not None
    Contagious.victim = subject_of(lab.network, bystander)
    monkeypatch.setattr(topic, "Death", Contagious)
    monkeypatch.setattr(topic, "SETTLING_AWAY", 1.0)  # the sites were waited for, and nothing else settles
    claims = list(topic.claims(lab.network))
    with ExitStack() as stack:
        Contagious.broken = stack
        stack.enter_context(held(lab, deaf.node))
        stack.enter_context(unknown(lab, stranger.backup))
        seen = failing(lab, claims)
    wrong = names(claims, "dies: ", deaf.name) | names(claims, "dies: ", stranger.name)
    wrong |= names(claims, "is dead: ") | names(claims, "dies and returns: ", bystander.name)
    assert seen.keys() == wrong, seen
    for site in (deaf, stranger):
        (text,) = (told for name, told in seen.items() if f"traffic of {site.name}" in name)
        assert f"{site.name} has no SA there" in text
        assert "5 replies in a row" in text
    (again,) = (told for name, told in seen.items() if "is dead: " in name)
    assert f"{deaf.name}: IKE_SA" in again
    assert f"{stranger.name}: IKE_SA" in again
    assert f"{bystander.name}: IKE_SA" not in again


def test_a_route_that_stays_at_the_backup_is_seen(lab: Bench) -> None:
    """The backup's agent misses that the sites have gone home: the route stays where no SA is."""
    gateway, other = leaders(lab.network)
    dead, left = Death(lab, gateway), without(lab.network, gateway)
    away = death(lab, dead, left)
    try:
        assert not away.missing
        with held(lab, other):
            home = birth(lab, dead, lambda *_: HOME)
            assert not home.missing, "the SAs are where they should be"
            verdict = judge_again(lasting_mistakes(lab.network, lab.lab, 1))
    finally:
        lab.forget_vici(gateway)
    assert not lasting_mistakes(lab.network, lab.lab, SETTLING), "the agent at work again, all is as before"
    assert not verdict.holds
    for site in led_by(lab.network, gateway):
        assert f"{site.name}: VPNv4 route" in verdict.seen
        assert f"{site.name}: IKE_SA" not in verdict.seen


@contextmanager
def unmarked(lab: Bench, site: Site, tunnel: Tunnel) -> Iterator[None]:
    """Both ends of a tunnel are told not to copy the DSCP, and set up their SAs anew."""
    ends = ((tunnel.gateway, tunnel.gateway_connection), (site.node, tunnel.site_connection))
    edit = f"sed 's/mode = tunnel/&\\n{UNMARKED}/' /etc/offnet/swanctl.conf"
    load = "swanctl --load-conns --uri unix:///run/charon.vici --file"
    for node, _ in ends:
        lab.lab.run(node, f"{edit} >/tmp/unmarked.conf && {load} /tmp/unmarked.conf")
    anew(lab, site, tunnel)
    try:
        yield
    finally:
        for node, _ in ends:
            lab.lab.run(node, f"{load} /etc/offnet/swanctl.conf")
        anew(lab, site, tunnel)


def anew(lab: Bench, site: Site, tunnel: Tunnel) -> None:
    """The site ends its SA and has another one."""
    spoke = lab.vici(site.node)
    spoke.terminate(ike=tunnel.site_connection)
    spoke.initiate(tunnel.site_connection, tunnel.site_connection)
    converge(lab.network, lab.lab)


def test_a_dscp_that_is_not_copied_is_seen(lab: Bench) -> None:
    """Inside nothing changes, outside the mark is gone."""
    subject = subjects(lab.network)[0]
    claims: list[Any] = [c for t in (sas, routes, reach, isolation) for c in t.claims(lab.network)]
    with unmarked(lab, subject.site, subject.tunnel):
        seen = marking(lab, subject)
        assert not failing(lab, claims), "something else is broken, too"
    assert judge_inside(seen).holds
    assert not judge_outside(seen).holds
    assert "DSCP 0 0 0 on ESP to the aggregator, 0 0 0 from it" in judge_outside(seen).seen
    assert judge_outside(marking(lab, subject)).holds
