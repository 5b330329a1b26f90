"""Proof 6: who must not enter is refused for that reason and leaves nothing. Proof 7 looks meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from offnet.checks.claim import Claim, Verdict, verdict
from offnet.experiments.closed import Closed, dead_daemons
from offnet.experiments.refusal import (
    PROBES,
    UNKNOWN_IDENTITY,
    WRONG_KEY,
    Refusal,
    unknown_identities,
    wrong_keys,
)
from offnet.experiments.subjects import Subject, subjects
from offnet.network.model import Network


def claims(network: Network) -> Iterator[Claim[Any]]:
    """Per VPN: wrong key and unknown identity (6), withdrawal everywhere (3), nothing in clear (7)."""
    chosen = subjects(network)
    for subject in chosen:
        yield _unknown(subject)
    for subject in chosen:
        yield _wrong_key(subject)
        yield _withdrawn(subject)
        yield _without_sa(subject)
    for subject in chosen:
        yield _without_charon(subject)


def _wrong_key(subject: Subject) -> Claim[dict[str, Refusal]]:
    site, gateway = subject.site.name, subject.tunnel.gateway
    return Claim(
        6,
        f"{site}: wrong key refused for that reason",
        f"{gateway} logs {WRONG_KEY[subject.connection.version]!r}; no SA and no route of {site} stays",
        wrong_keys,
        lambda seen: judge_refusal(seen[site]),
    )


def _unknown(subject: Subject) -> Claim[dict[str, Refusal]]:
    site, gateway = subject.site.name, subject.tunnel.gateway
    return Claim(
        6,
        f"{site}: unknown identity refused for that reason",
        f"{gateway} logs {UNKNOWN_IDENTITY[subject.connection.version]!r}; no SA of that identity",
        unknown_identities,
        lambda seen: judge_refusal(seen[site]),
    )


def judge_refusal(seen: Refusal) -> Verdict:
    """The reason was found (the experiment waits for it) and nothing is left."""
    mistakes = [f"SA left: {sa}" for sa in seen.sas] + [f"route left at {node}" for node in seen.routes]
    return verdict(mistakes, seen.reason)


def _withdrawn(subject: Subject) -> Claim[dict[str, Refusal]]:
    site = subject.site

    def judge(seen: dict[str, Refusal]) -> Verdict:
        gone, back = seen[site.name].gone or {}, seen[site.name].back or {}
        places = [node for node, _ in subject.tables]
        missing = [
            f"not seen to go and come at {node}" for node in places if node not in gone or node not in back
        ]
        times = (
            f"{node} gone after {gone[node] * 1000:.0f} ms, back after {back[node] * 1000:.0f} ms"
            for node in gone
        )
        return verdict(missing, "; ".join(times))

    return Claim(
        3,
        f"{site.name}: {site.lan} goes from every PE with its SA, and comes back with it",
        f"gone, then back, in VRF {subject.tunnel.vrf} of {' and '.join(node for node, _ in subject.tables)}",
        wrong_keys,
        judge,
    )


def _without_sa(subject: Subject) -> Claim[dict[str, Refusal]]:
    site, partner = subject.site.name, subject.partner.name

    def judge(seen: dict[str, Refusal]) -> Verdict:
        here = seen[site]
        ok = here.out == here.into == 0
        return Verdict(ok, f"{here.out} replies to {site}, {here.into} to {partner}")

    return Claim(
        7,
        f"{site}: no SA, no traffic, either way",
        f"0 of {PROBES} replies between {site} and {partner} while its key is refused",
        wrong_keys,
        judge,
    )


def _without_charon(subject: Subject) -> Claim[dict[str, Closed]]:
    site = subject.site

    def judge(seen: dict[str, Closed]) -> Verdict:
        here = seen[site.name]
        mistakes = [f"{here.replies} replies"] if here.replies else []
        mistakes += [f"in clear: {packet}" for packet in here.leaked[:3]]
        slowest = max(here.back.values(), default=0.0)
        return verdict(
            mistakes,
            f"no reply, nothing in clear; its route was everywhere {slowest * 1000:.0f} ms after its SA",
        )

    return Claim(
        7,
        f"{site.name}: charon killed and SADB empty, nothing leaves in clear, then it returns by itself",
        f"no reply, no packet from {site.host} at the capture point, SA and routes back without help",
        dead_daemons,
        judge,
    )
