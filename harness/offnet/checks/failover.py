"""An aggregator dies as a whole and returns: its sites are at their backup meanwhile, others feel nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from offnet.checks.claim import Claim, Verdict, verdict
from offnet.checks.faults import lasting_mistakes
from offnet.experiments.bench import Bench
from offnet.experiments.death import Death
from offnet.experiments.failover import Crossing, birth, death, home_within, moved_within
from offnet.network.failover import leaders, led_by, without
from offnet.network.model import Network, Site

OWN_POINT = 0
AGAIN = "reach, isolation, routes and SAs"
SETTLING_DEADLINE = 40.0  # for what follows the SAs: withdrawn and announced routes
SETTLING_AWAY = SETTLING_DEADLINE  # the same while it is dead


@dataclass(frozen=True, slots=True)
class Failover:
    """What the death of an aggregator and its return cost, and what did not hold after each, by claim."""

    away: Crossing
    wrong_away: dict[str, str]
    home: Crossing
    wrong_home: dict[str, str]


def claims(network: Network) -> Iterator[Claim[Any]]:
    """What the death of the first aggregator that has a stand-in costs, and its return."""
    for gateway in leaders(network)[:1]:
        moving = led_by(network, gateway)
        for site in moving:
            yield _moves(network, gateway, site)
        yield _holds_away(gateway, moving[0])
        for site in moving:
            yield _returns(network, gateway, site)
        yield _holds_at_home(gateway)
        yield from (_unmoved(gateway, site) for site, _ in network.tunnels() if site.pe != gateway)


def look(bench: Bench) -> Failover:
    """Lets it die and return, with every proof again in between and afterwards."""
    gateway = leaders(bench.network)[0]
    left, dead = without(bench.network, gateway), Death(bench, gateway)
    try:
        away = death(bench, dead, left)
        wrong_away = lasting_mistakes(left, bench.lab, SETTLING_AWAY)
    finally:
        home = birth(bench, dead)
    return Failover(away, wrong_away, home, lasting_mistakes(bench.network, bench.lab, SETTLING_DEADLINE))


def _moves(network: Network, gateway: str, site: Site) -> Claim[Failover]:
    assert site.backup is not None  # noqa: S101 - the caller has looked
    return Claim(
        OWN_POINT,
        f"{gateway} dies: traffic of {site.name} flows through {site.backup.gateway}",
        f"an SA there within {moved_within(network, site):g} s, and replies without a gap again",
        look,
        lambda seen: judge_crossing(site, seen.away),
    )


def _returns(network: Network, gateway: str, site: Site) -> Claim[Failover]:
    return Claim(
        OWN_POINT,
        f"{gateway} returns: traffic of {site.name} flows through it again",
        f"an SA there and no other one within {home_within(network, site):g} s, and replies without a gap",
        look,
        lambda seen: judge_crossing(site, seen.home),
    )


def judge_crossing(site: Site, seen: Crossing) -> Verdict:
    """The site has its SA where it should, and its traffic flows; what that cost is told."""
    flow = seen.flows[site.name]
    mistakes = [f"{site.name} has no SA there, or still another one"] if site.name in seen.missing else []
    mistakes += [flow.complaint] if flow.complaint else []
    return verdict(mistakes, f"{flow.lost} of {flow.sent} probes lost, {flow.outage:.1f} s in all")


def _holds_away(gateway: str, site: Site) -> Claim[Failover]:
    assert site.backup is not None  # noqa: S101 - the caller has looked
    return Claim(
        OWN_POINT,
        f"{gateway} is dead: {AGAIN} hold by way of {site.backup.gateway}",
        "the same claims as before, of the network that is left",
        look,
        lambda seen: judge_again(seen.wrong_away),
    )


def _holds_at_home(gateway: str) -> Claim[Failover]:
    return Claim(
        OWN_POINT,
        f"{gateway} has returned: {AGAIN} hold as before",
        "the same claims as before its death",
        look,
        lambda seen: judge_again(seen.wrong_home),
    )


def judge_again(wrong: dict[str, str]) -> Verdict:
    """Every claim holds again."""
    return verdict([f"{name}: {seen}" for name, seen in wrong.items()], "all of them hold")


def _unmoved(gateway: str, site: Site) -> Claim[Failover]:
    return Claim(
        OWN_POINT,
        f"{gateway} dies and returns: {site.name} at {site.pe} loses nothing",
        "no probe lost in either",
        look,
        lambda seen: judge_unmoved(site, seen),
    )


def judge_unmoved(site: Site, seen: Failover) -> Verdict:
    """Who is at the other aggregator lost no probe, neither at the death nor at the return."""
    flows = [crossing.flows[site.name] for crossing in (seen.away, seen.home)]
    lost, sent = sum(flow.lost for flow in flows), sum(flow.sent for flow in flows)
    return Verdict(lost == 0, f"{lost} of {sent} probes lost")
