"""Proof 6: who must not enter is refused for that reason and leaves nothing. Proof 7 looks meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from offnet.checks.claim import Claim, Verdict, verdict
from offnet.experiments.closed import Closed, dead_daemons
from offnet.experiments.refusal import (
    PROBES,
    UNKNOWN_IDENTITY,
    Refusal,
    takes_anybody,
    unknown_identities,
    wrong_key_told,
    wrong_keys,
)
from offnet.experiments.subjects import Subject, subjects
from offnet.network.model import Network


def claims(network: Network) -> Iterator[Claim[Any]]:
    """Per VPN: wrong key and unknown identity (6), withdrawal everywhere (3), nothing in clear (7)."""
    chosen = subjects(network)
    for subject in chosen:
        if not subject.connection.signs and not takes_anybody(network, subject):
            yield _unknown(subject)
    for subject in chosen:
        yield _wrong_key(subject)
        if subject.tables:
            yield _stays(subject) if subject.tunnel.rri == "static" else _withdrawn(subject)
        yield _without_sa(subject)
    for subject in chosen:
        yield _without_charon(subject)


def _wrong_key(subject: Subject) -> Claim[dict[str, Refusal]]:
    site, (node, pattern) = subject.site.name, wrong_key_told(subject)
    routes = "its static route does" if _kept(subject) else "and no route"
    wrong = "wrong password" if subject.tunnel.user else "wrong key"
    if subject.connection.signs and not subject.tunnel.user:
        wrong = "certificate by an impostor of its authority"
    return Claim(
        6,
        f"{site}: {wrong} refused for that reason",
        f"{node} logs {pattern!r}; no SA of {site} stays, {routes}",
        wrong_keys,
        lambda seen: judge_wrong_key(subject, seen[site]),
    )


def _unknown(subject: Subject) -> Claim[dict[str, Refusal]]:
    site, gateway = subject.site.name, subject.tunnel.gateway
    return Claim(
        6,
        f"{site}: unknown identity refused for that reason",
        f"{gateway} logs {UNKNOWN_IDENTITY[subject.connection.version]!r}; no SA of that identity",
        unknown_identities,
        lambda seen: judge_refusal(gateway, seen[site]),
    )


def judge_refusal(node: str, seen: Refusal) -> Verdict:
    """That node told the reason, and no SA is left."""
    mistakes = [f"SA left: {sa}" for sa in seen.sas]
    if not seen.reason:
        mistakes.append(f"{node} tells no such reason")
    return verdict(mistakes, seen.reason)


def judge_wrong_key(subject: Subject, seen: Refusal) -> Verdict:
    """The same, and no route is left but a static one, which stays."""
    kept = _kept(subject)
    refused = judge_refusal(wrong_key_told(subject)[0], seen)
    mistakes = [] if refused.holds else [refused.seen]
    mistakes += [f"route left at {node}" for node in seen.routes if node not in kept]
    mistakes += [f"static route gone from {node}" for node in kept if node not in seen.routes]
    return verdict(mistakes, seen.reason)


def _kept(subject: Subject) -> list[str]:
    """PEs that have the site's route while its SA is down."""
    return [node for node, _ in subject.tables] if subject.tunnel.rri == "static" else []


def _withdrawn(subject: Subject) -> Claim[dict[str, Refusal]]:
    site = subject.site
    return Claim(
        3,
        f"{site.name}: {site.lan} goes everywhere with its SA, and comes back with it",
        f"gone from, then back in, VRF {subject.tunnel.vrf} of {_places(subject)}",
        wrong_keys,
        lambda seen: judge_withdrawn(subject, seen[site.name]),
    )


def judge_withdrawn(subject: Subject, seen: Refusal) -> Verdict:
    """Every PE was seen without the route, and with it again."""
    gone, back = seen.gone or {}, seen.back or {}
    mistakes = [f"stays at {node}" for node, _ in subject.tables if node not in gone]
    mistakes += [f"not back at {node}" for node, _ in subject.tables if node not in back]
    times = (
        f"{node} gone after {gone[node] * 1000:.0f} ms, back after {back.get(node, 0) * 1000:.0f} ms"
        for node in gone
    )
    return verdict(mistakes, "; ".join(times))


def _stays(subject: Subject) -> Claim[dict[str, Refusal]]:
    site = subject.site
    return Claim(
        3,
        f"{site.name}: {site.lan} stays at every PE while its SA is down (rri: static)",
        f"in VRF {subject.tunnel.vrf} of {_places(subject)} without any SA",
        wrong_keys,
        lambda seen: judge_stays(subject, seen[site.name]),
    )


def judge_stays(subject: Subject, seen: Refusal) -> Verdict:
    """Every PE had the route when the refusal was over."""
    mistakes = [f"gone from {node}" for node, _ in subject.tables if node not in seen.routes]
    return verdict(mistakes, f"still at {' and '.join(seen.routes)}, {len(seen.sas)} SAs")


def _senders(subject: Subject) -> str:
    return f"{subject.site.host} and {subject.tunnel.address}"


def _places(subject: Subject) -> str:
    return " and ".join(node for node, _ in subject.tables)


def _without_sa(subject: Subject) -> Claim[dict[str, Refusal]]:
    site, partner = subject.site.name, subject.partner.name

    def judge(seen: dict[str, Refusal]) -> Verdict:
        here = seen[site]
        ok = here.out == here.into == 0
        return Verdict(ok, f"{here.out} replies to {site}, {here.into} to {partner}")

    return Claim(
        7,
        f"{site}: no SA, no traffic, either way",
        f"0 of {PROBES} replies between {site} and {partner} while its credential is refused",
        wrong_keys,
        judge,
    )


def _without_charon(subject: Subject) -> Claim[dict[str, Closed]]:
    site = subject.site

    def judge(seen: dict[str, Closed]) -> Verdict:
        here = seen[site.name]
        mistakes = [f"{here.replies} replies"] if here.replies else []
        mistakes += [f"in clear: {packet}" for packet in here.leaked[:3]]
        back = here.back or {}
        mistakes += ["no SA again"] if here.back is None else []
        mistakes += [f"not back at {node}" for node, _ in subject.tables if node not in back]
        slowest = max(back.values(), default=0.0)
        return verdict(
            mistakes,
            f"no reply, nothing in clear; its route was everywhere {slowest * 1000:.0f} ms after its SA",
        )

    return Claim(
        7,
        f"{site.name}: charon killed and SADB empty, nothing leaves in clear, then it returns by itself",
        f"no reply, only ESP and IKE of {_senders(subject)} at the capture point, SA and routes back",
        dead_daemons,
        judge,
    )
