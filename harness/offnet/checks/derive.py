"""Every claim that a lab owes, derived from its network, in the order in which they are proved."""

from __future__ import annotations

from typing import Any

from offnet.checks import (
    certificates,
    circuits,
    clouds,
    core_tunnels,
    failover,
    faults,
    incomplete,
    injection,
    isolation,
    overlay_reach,
    overlay_routes,
    overlay_sas,
    overlay_wire,
    reach,
    refusals,
    remote_access,
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
    topics = (
        sas.claims,
        overlay_sas.claims,
        remote_access.passive,
        routes.claims,
        clouds.passive,
        core_tunnels.claims,
        overlay_routes.claims,
        overlay_reach.claims,
        reach.claims,
        clouds.claims,
        isolation.claims,
        circuits.claims,
        route_targets.claims,
        injection.claims,
        refusals.claims,
        certificates.claims,
        incomplete.claims,
        remote_access.claims,
        failover.claims,
        wire.claims,
        overlay_wire.claims,
    )
    wanted = (*topics, faults.claims) if with_faults else topics
    return tuple(claim for claims in wanted for claim in claims(network))
