"""Proof 2, about layer 2 circuits: what one VPN sends crosses the network with its own tag only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from offnet.checks.claim import Claim, Verdict, verdict
from offnet.experiments.circuits import PROBES, Crossing, crossings, sources
from offnet.network.model import Circuit, Network, Site


def claims(network: Network) -> Iterator[Claim[Any]]:
    """One claim for each site on a circuit that anybody in its VPN can probe."""
    chosen = sources(network)
    for site, circuit in network.circuits():
        if site.name in chosen:
            yield _claim(site, circuit, chosen[site.name])


def _claim(site: Site, circuit: Circuit, source: Site) -> Claim[dict[str, Crossing]]:
    return Claim(
        2,
        f"{source.name} to {site.name}: crosses {circuit.network} with tag {circuit.vlan} only, both ways",
        f"{PROBES} requests and {PROBES} replies tagged {circuit.vlan} on the trunk, none tagged otherwise",
        crossings,
        lambda seen: judge(circuit, seen[site.name]),
    )


def judge(circuit: Circuit, seen: Crossing) -> Verdict:
    """All probes were answered, and the trunk carried them under the tag of the circuit alone."""
    wanted = {circuit.vlan: PROBES}
    mistakes = [f"{seen.received} of {PROBES} replies"] if seen.received != PROBES else []
    mistakes += [
        f"{kind} by tag: {found or 'none'}"
        for kind, found in (("requests", seen.requests), ("replies", seen.replies))
        if found != wanted
    ]
    return verdict(mistakes, f"{PROBES} requests and {PROBES} replies with tag {circuit.vlan}")
