"""Proof 2: what one VPN sends arrives in that VPN only, and nobody reaches the provider's own addresses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from offnet.checks.claim import Claim, Verdict, verdict
from offnet.experiments.isolation import (
    PROBES,
    Isolation,
    foreign_markers,
    global_addresses,
    isolation,
    shared_targets,
)
from offnet.experiments.subjects import arrives
from offnet.network.model import Network, Site


def claims(network: Network) -> Iterator[Claim[Any]]:
    """For each site: its probes to shared addresses, to foreign markers, to the global table."""
    for source in network.sites:
        for target in shared_targets(network, source):
            yield _tagged(network, source, target)
        yield _unreachable(
            source,
            f"{source.name} reaches no host of another VPN",
            [site.marker for site in foreign_markers(network, source)],
        )
        yield _unreachable(
            source,
            f"{source.name} reaches no address of the provider's global table",
            global_addresses(network),
        )


def _tagged(network: Network, source: Site, target: Site) -> Claim[Isolation]:
    twins = [site for site in network.sites if site.host == target.host and site.vpn != source.vpn]
    wanted = PROBES if arrives(source, target) else 0

    def judge(seen: Isolation) -> Verdict:
        tag = seen.lengths[source.name]
        got = seen.arrived[target.name].get(tag, 0)
        mistakes = [f"{got} arrived at {target.name}"] if got != wanted else []
        mistakes += [
            f"{seen.arrived[twin.name][tag]} arrived at {twin.name}"
            for twin in twins
            if seen.arrived[twin.name].get(tag)
        ]
        return verdict(mistakes, f"{got} at {target.name}, 0 at {', '.join(twin.name for twin in twins)}")

    return Claim(
        2,
        f"{source.name}: probes to {target.host} arrive in {source.vpn} only",
        f"{wanted} at {target.name}, 0 at {', '.join(twin.name for twin in twins)}",
        isolation,
        judge,
    )


def _unreachable(source: Site, name: str, targets: Any) -> Claim[Isolation]:
    def judge(seen: Isolation) -> Verdict:
        tried = {address: got for address, got in seen.answers[source.name].items() if address in targets}
        answered = [f"{address} answered {got} times" for address, got in tried.items() if got]
        if not tried:
            return Verdict(False, "nothing was tried")
        return verdict(answered, f"no reply from {len(tried)} addresses")

    return Claim(2, name, f"no reply to {PROBES} probes each", isolation, judge)
