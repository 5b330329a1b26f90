"""The reverse-route agent in a running aggregator: it or charon dies, and what peers get beyond their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace

import pytest

from offnet.experiments.bench import Bench
from offnet.experiments.logs import mark, since
from offnet.experiments.negotiation import AGENT_LOG
from offnet.experiments.presence import await_presence, present
from offnet.experiments.subjects import Subject, subject_of, subjects
from offnet.network.model import Crypto
from offnet.observe import kernel
from offnet.observe.errors import CommandRefused, ObserveError
from offnet.observe.question import ask
from offnet.observe.vici_model import ChildSaState
from offnet.render.agent import REVERSE_ROUTE_PROTOCOL
from offnet.wait import until

pytestmark = pytest.mark.lab
DEADLINE = 15.0
# The supervisor starts the agent again at once: it is held, so that something can happen meanwhile.
KILL_AND_HOLD = """
pid=$(pidof python3)
while read -r key value; do [ "$key" = PPid: ] && parent=$value; done </proc/$pid/status
kill -STOP "$parent"
kill -KILL "$pid"
echo "$parent"
"""


@pytest.fixture(scope="module")
def variant(running_variant: Callable[..., AbstractContextManager[Bench]]) -> Iterator[Bench]:
    with running_variant("agent", Crypto.AS_PRINTED) as bench:
        yield bench


@pytest.fixture
def subject(variant: Bench) -> Subject:
    """The site that the tests are about: that of the second VPN."""
    return subjects(variant.network)[-1]


@contextmanager
def dead_agent(bench: Bench, gateway: str) -> Iterator[None]:
    """Kills the agent, which comes back after the block."""
    supervisor = bench.lab.run(gateway, ["sh", "-ec", KILL_AND_HOLD]).stdout.strip()
    try:
        yield
    finally:
        bench.lab.run(gateway, ["kill", "-CONT", supervisor])


def children(bench: Bench, subject: Subject) -> list[ChildSaState]:
    """The site's CHILD_SAs that are up at its aggregator."""
    sas = bench.vici(subject.tunnel.gateway).list_sas(subject.tunnel.gateway_connection)
    return [child for sa in sas for child in sa.current_children]


def down(bench: Bench, subject: Subject) -> None:
    """The site ends its tunnel, and the aggregator knows."""
    bench.vici(subject.site.node).terminate(ike=subject.tunnel.site_connection)
    until(lambda: not children(bench, subject), what=f"no SA of {subject.site.name}", deadline=DEADLINE)


def up(bench: Bench, subject: Subject) -> None:
    """The site sets its tunnel up, and the aggregator has it."""
    bench.vici(subject.site.node).initiate(
        subject.connection.children[0].name, subject.tunnel.site_connection, timeout=DEADLINE
    )
    until(lambda: children(bench, subject), what=f"an SA of {subject.site.name}", deadline=DEADLINE)


def await_route(bench: Bench, subject: Subject, *, wanted: bool) -> None:
    """The site's route comes to, or goes from, every PE."""
    await_presence(bench.lab, subject.tables, subject.site.lan, wanted=wanted, seconds=DEADLINE)


def has_route(bench: Bench, subject: Subject) -> bool:
    """Whether the aggregator has the site's route."""
    gateway, table = subject.tables[0]
    return present(bench.lab, gateway, table, subject.site.lan)


def injected(bench: Bench, gateway: str) -> set[str]:
    """Every prefix that the agent has put into a table of its aggregator."""
    routes = ask(bench.lab, gateway, kernel.ROUTES)
    return {str(route.prefix) for route in routes if route.protocol == str(REVERSE_ROUTE_PROTOCOL)}


def test_a_stale_route_goes_when_the_agent_is_back(variant: Bench, subject: Subject) -> None:
    gateway = subject.tunnel.gateway
    start = mark(variant.lab, gateway, AGENT_LOG)
    with dead_agent(variant, gateway):
        down(variant, subject)
        assert has_route(variant, subject), "somebody else removes routes"
    await_route(variant, subject, wanted=False)
    others = len(list(variant.network.tunnels())) - 1
    # Of two Quick Modes side by side charon lists both SAs.
    settled = rf"(\d+) SAs, {others} routes adopted, 0 added, 1 removed"
    found = re.search(settled, since(variant.lab, gateway, start, AGENT_LOG))
    assert found, since(variant.lab, gateway, start, AGENT_LOG)
    assert int(found[1]) >= others
    up(variant, subject)
    await_route(variant, subject, wanted=True)


def test_a_missed_sa_has_its_route_when_the_agent_is_back(variant: Bench, subject: Subject) -> None:
    gateway = subject.tunnel.gateway
    down(variant, subject)
    await_route(variant, subject, wanted=False)
    with dead_agent(variant, gateway):
        up(variant, subject)
        assert not has_route(variant, subject), "somebody else injects routes"
    await_route(variant, subject, wanted=True)


def test_a_killed_charon_leaves_no_sa_and_no_route(variant: Bench) -> None:
    victims = [subject_of(variant.network, site) for site, _ in variant.network.tunnels()]
    gateway = victims[0].tunnel.gateway
    before = {state.spi for state in ask(variant.lab, gateway, kernel.XFRM_STATES)}
    variant.lab.run(gateway, ["sh", "-ec", "kill -KILL $(pidof charon-systemd)"])
    variant.forget_vici(gateway)
    for victim in victims:
        await_route(variant, victim, wanted=False)
    until(lambda: loaded(variant, gateway), what=f"charon of {gateway} is back", deadline=DEADLINE)
    assert not before & {state.spi for state in ask(variant.lab, gateway, kernel.XFRM_STATES)}
    for victim in victims:
        spoke = variant.vici(victim.site.node)
        spoke.terminate(ike=victim.tunnel.site_connection, force=True)
        up(variant, victim)
        await_route(variant, victim, wanted=True)


def loaded(bench: Bench, node: str) -> bool:
    """Whether a charon that is starting has all its connections."""
    ike = bench.network.node(node).ike
    assert ike is not None
    with suppress(ObserveError):  # nobody answers on its socket yet
        return len(bench.vici(node).list_conns()) == len(ike.connections)
    bench.forget_vici(node)
    return False


@pytest.mark.parametrize("greed", ["the LAN of another site", "everything"])
def test_what_charon_accepts_beyond_the_policy_gets_no_route(
    variant: Bench, subject: Subject, greed: str
) -> None:
    gateway = subject.tunnel.gateway
    prefix, reason = {
        "the LAN of another site": (str(subject.partner.lan), f"is not within {subject.site.lan}"),
        "everything": ("0.0.0.0/0", "a default route is never injected"),
    }[greed]
    before = injected(variant, gateway)
    start = mark(variant.lab, gateway, AGENT_LOG)
    with widened(variant, subject), greedy(variant, subject, prefix):
        until(
            lambda: prefix in {ts for child in children(variant, subject) for ts in child.remote_ts},
            what=f"{gateway} accepts {prefix}",
            deadline=DEADLINE,
        )
        until(
            lambda: reason in since(variant.lab, gateway, start, AGENT_LOG),
            what="the agent's refusal",
            deadline=DEADLINE,
            seen=lambda: since(variant.lab, gateway, start, AGENT_LOG),
        )
        assert injected(variant, gateway) <= before
    await_route(variant, subject, wanted=True)


@contextmanager
def widened(bench: Bench, subject: Subject) -> Iterator[None]:
    """The aggregator's charon accepts whatever the site proposes to protect."""
    own = bench.network.node(subject.tunnel.gateway).connection(subject.tunnel.gateway_connection)
    charon = bench.vici(subject.tunnel.gateway)
    charon.load_conn(replace(own, children=(replace(own.children[0], remote_ts=("0.0.0.0/0",)),)))
    try:
        yield
    finally:
        charon.load_conn(own)
        down(bench, subject)
        up(bench, subject)


@contextmanager
def greedy(bench: Bench, subject: Subject, prefix: str) -> Iterator[None]:
    """The site has an SA that protects what is not its own."""
    own = subject.connection.children[0]
    child = replace(own, name="greedy", local_ts=(prefix,), start_action="none", close_action="none")
    spoke = bench.vici(subject.site.node)
    spoke.load_conn(replace(subject.connection, name="greedy", children=(child,)))
    try:
        spoke.initiate("greedy", "greedy")
        yield
    finally:
        with suppress(CommandRefused):
            spoke.terminate(child="greedy")
        spoke.unload_conn("greedy")
