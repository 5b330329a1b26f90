"""Proof 8: what a peer proposes beyond its own gets no SA and no route; a rekeying takes no route away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from offnet.checks.claim import Claim, Verdict, verdict
from offnet.experiments.announcing import Announced, announceable, announcements
from offnet.experiments.injection import ANYTHING, PROBES, Greed, Rekeying, greed, rekeyings
from offnet.experiments.subjects import Subject, subjects
from offnet.network.model import GreTunnel, Network


def claims(network: Network) -> Iterator[Claim[Any]]:
    """Per VPN: another site's LAN, everything, and a rekeying."""
    for subject in subjects(network):
        yield _greedy(subject, str(subject.partner.lan), f"the LAN of {subject.partner.name}")
        yield _greedy(subject, ANYTHING, "everything")
        if subject.tunnel.gre:
            yield _announced(subject, subject.tunnel.gre)
    for subject in subjects(network):
        if subject.tables:
            yield _rekeyed(subject)


def _greedy(subject: Subject, prefix: str, what: str) -> Claim[dict[str, Greed]]:
    site = subject.site
    own = subject.tunnel.protected(site.lan)

    def judge(seen: dict[str, Greed]) -> Verdict:
        given = seen[site.name].proposed.get(prefix)
        if given is None:
            return Verdict(False, f"{prefix} was not proposed")
        others = [f"SA for {ts}" for ts in given if ts != own]
        return verdict(others, f"protected: {', '.join(sorted(set(given))) or 'nothing'}")

    return Claim(
        8,
        f"{site.name}: proposes {what} ({prefix}) and does not get it",
        f"{subject.tunnel.gateway} protects {own} for {site.name} and nothing else",
        greed,
        judge,
    )


def _announced(subject: Subject, gre: GreTunnel) -> Claim[dict[str, Announced]]:
    site, gateway = subject.site, subject.tunnel.gateway
    prefixes = " and ".join(announceable(subject))

    def judge(seen: dict[str, Announced]) -> Verdict:
        here = seen[site.name]
        mistakes = [f"{gateway} has not heard of {p}" for p in here.prefixes if p not in here.heard]
        mistakes += [f"{route.prefix} by {gre.gateway_interface}" for route in here.taken]
        return verdict(mistakes, f"{gateway} heard of {' and '.join(here.heard)} and took no route")

    return Claim(
        8,
        f"{site.name}: announces {prefixes} by {gre.routing}, and no route is taken",
        f"heard by {gateway}, in VRF {subject.tunnel.vrf} no route by {gre.gateway_interface} but {site.lan}",
        announcements,
        judge,
    )


def _rekeyed(subject: Subject) -> Claim[dict[str, Rekeying]]:
    site = subject.site
    places = tuple(node for node, _ in subject.tables)

    def judge(seen: dict[str, Rekeying]) -> Verdict:
        here = seen[site.name]
        mistakes = ["the same SPI as before"] if here.before == here.after else []
        mistakes += [f"no route at {node}" for node in places if node not in here.routed]
        if here.lost == here.sent:
            mistakes.append(f"none of {here.sent} probes answered meanwhile")
        mistakes += (
            [f"{here.answered} of {PROBES} probes answered afterwards"] if here.answered < PROBES else []
        )
        return verdict(
            mistakes,
            f"SPI {here.before:08x} > {here.after:08x}, {here.lost} of {here.sent} probes lost meanwhile",
        )

    return Claim(
        8,
        f"{site.name}: rekeys under traffic, and the old SA's end takes no route away",
        f"another SPI, probes answered meanwhile, all afterwards, {site.lan} still at {' and '.join(places)}",
        rekeyings,
        judge,
    )
