"""Proofs 1 and 8 of overlays: members reach each other, each pair by its own SAs and no others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from offnet.checks.claim import Claim, Verdict, verdict
from offnet.checks.overlay_sas import mesh_pair
from offnet.checks.reach import differences
from offnet.experiments.bench import Bench
from offnet.experiments.injection import PROBES as AFTERWARDS
from offnet.experiments.injection import Rekeying, rekeyings
from offnet.experiments.overlays import captures
from offnet.experiments.reach import PROBES, Counters, PairProbe, reach
from offnet.experiments.state import Sas, sas
from offnet.experiments.subjects import Subject, subjects
from offnet.network.model import Network, Overlay, Site

Looked = tuple[Sas, dict[tuple[str, str], PairProbe]]


def look(bench: Bench) -> Looked:
    """The SAs, then the probes, with every capture listening."""
    state = bench.once(sas)
    bench.once(captures)
    return state, bench.once(reach)


def claims(network: Network) -> Iterator[Claim[Any]]:
    """One claim for each ordered pair of members, and one about a rekeying."""
    for overlay in network.overlays:
        members = [network.site(name) for name in overlay.sites]
        yield from (_reaches(overlay, a, b) for a in members for b in members if a is not b)
    yield from (_rekeyed(subject) for subject in subjects(network) if subject.site.overlay)


def _reaches(overlay: Overlay, source: Site, target: Site) -> Claim[Looked]:
    return Claim(
        1,
        f"{source.vpn}: {source.name} reaches {target.name} by their own tunnel",
        f"{PROBES} of {PROBES} replies from {target.host} and from {target.marker}, counted at both ends "
        "of the SAs of these two, no other SA touched",
        look,
        lambda looked: judge(overlay, source, target, *looked),
    )


def judge(
    overlay: Overlay, source: Site, target: Site, state: Sas, probes: dict[tuple[str, str], PairProbe]
) -> Verdict:
    """Replies complete; the pair's SAs grew by the number of probes at both ends, no other grew."""
    seen = probes[source.name, target.name]
    mistakes = [
        f"{got} of {seen.sent} replies from {address}"
        for got, address in ((seen.to_host, target.host), (seen.to_marker, target.marker))
        if got != seen.sent
    ]
    pair = mesh_pair(overlay.between(source.name, target.name), state)
    if pair is None:
        return Verdict(False, "; ".join([*mistakes, "no current SA pair that both ends know"]))
    expected: Counters = {
        (site.node, spi): len({target.host, target.marker}) * seen.sent
        for site in (source, target)
        for spi in (pair.to_responder, pair.to_initiator)
    }
    mistakes += differences(expected, seen.growth)
    return verdict(
        mistakes, f"{seen.to_host}+{seen.to_marker} replies, {len(seen.growth)} SA counters grew as they must"
    )


def _rekeyed(subject: Subject) -> Claim[dict[str, Rekeying]]:
    site, partner = subject.site.name, subject.partner.name

    def judge(seen: dict[str, Rekeying]) -> Verdict:
        here = seen[site]
        mistakes = ["the same SPI as before"] if here.before == here.after else []
        if here.answered < AFTERWARDS:
            mistakes.append(f"{here.answered} of {AFTERWARDS} probes answered afterwards")
        spis = f"SPI {here.before:08x} > {here.after:08x}"
        return verdict(mistakes, f"{spis}, {here.lost} of {here.sent} probes lost meanwhile")

    return Claim(
        8,
        f"{site}: rekeys its tunnel to {partner} under traffic",
        "another SPI, all probes answered afterwards",
        rekeyings,
        judge,
    )
