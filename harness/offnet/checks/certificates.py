"""Proof 6 with certificates: every certificate that is wrong in one way is refused for that reason."""

from __future__ import annotations

from collections.abc import Iterator

from offnet.checks.claim import Claim, Verdict, verdict
from offnet.experiments.papers import signing
from offnet.experiments.strangers import Reception, Stranger, receptions, strangers
from offnet.experiments.subjects import Subject
from offnet.network.model import Network

Receptions = dict[tuple[str, str], Reception]


def claims(network: Network) -> Iterator[Claim[Receptions]]:
    """Per VPN whose site signs: the control is believed, and nobody else is."""
    for subject in signing(network):
        for stranger in strangers(network, subject):
            yield _believed(subject, stranger) if stranger.control else _refused(subject, stranger)


def _refused(subject: Subject, stranger: Stranger) -> Claim[Receptions]:
    site, gateway = subject.site.name, subject.tunnel.gateway
    elsewhere = f" but {' or '.join(stranger.may)}" if stranger.may else ""
    return Claim(
        6,
        f"{site}: {stranger.what} is refused for that reason",
        f"{gateway} logs {stranger.told!r} and gives it no SA{elsewhere}",
        receptions,
        lambda seen: judge_refused(gateway, stranger, seen[site, stranger.what]),
    )


def judge_refused(gateway: str, stranger: Stranger, seen: Reception) -> Verdict:
    """The aggregator told that reason, and gave no SA but by a connection that may."""
    mistakes = [f"SA by {name}" for name in seen.sas if name not in stranger.may]
    if not seen.reason:
        mistakes.append(f"{gateway} tells no such reason")
    return verdict(mistakes, seen.reason)


def _believed(subject: Subject, stranger: Stranger) -> Claim[Receptions]:
    site = subject.site.name
    return Claim(
        6,
        f"{site}: {stranger.what} is accepted, whoever else it says to be",
        f"an IKE_SA by {' or '.join(stranger.may)}",
        receptions,
        lambda seen: judge_believed(stranger, seen[site, stranger.what]),
    )


def judge_believed(stranger: Stranger, seen: Reception) -> Verdict:
    """It got an IKE_SA by the connection that the others are refused by."""
    mistakes = [] if seen.reason else ["no IKE_SA was established"]
    mistakes += [f"SA by {name}" for name in seen.sas if name not in stranger.may]
    return verdict(mistakes, seen.reason)
