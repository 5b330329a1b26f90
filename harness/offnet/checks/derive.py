"""Every claim that a lab owes, derived from its network, in the order in which they are proved."""

from __future__ import annotations

from typing import Any

from offnet.checks import (
    faults,
    incomplete,
    injection,
    isolation,
    reach,
    refusals,
    route_targets,
    routes,
    sas,
    wire,
)
from offnet.checks.claim import Claim
from offnet.network.model import Network


def derive(network: Network, *, with_faults: bool = False) -> tuple[Claim[Any], ...]:
    """Passive looks first, then probes, then what disturbs the lab; the wire last, for it saw all of it.

    Faults, where wanted, come after that: they take as long as a dead peer needs to be found.
    """
    topics = (sas, routes, reach, isolation, route_targets, injection, refusals, incomplete, wire)
    wanted = (*topics, faults) if with_faults else topics
    return tuple(claim for topic in wanted for claim in topic.claims(network))
