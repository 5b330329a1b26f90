"""The two SAs of a tunnel, found at both ends and told by direction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from offnet.experiments.state import Sas
from offnet.network.model import Site
from offnet.observe.vici_model import ChildSaState, IkeSa, sas_at_site, sas_of


@dataclass(frozen=True, slots=True)
class SaPair:
    """SPIs of the current SAs toward the site and toward its gateway."""

    to_site: int
    to_gateway: int


def current(sas: Iterable[IkeSa]) -> tuple[tuple[IkeSa, ChildSaState], ...]:
    """The CHILD_SAs that carry traffic, each with its IKE_SA."""
    return tuple((ike, child) for ike in sas for child in ike.current_children)


def sa_pair(state: Sas, site: Site) -> SaPair | None:
    """The SA pair of a site that both ends agree on; None when there is not exactly one."""
    if site.tunnel is None:
        return None
    at_gateway = current(sas_of(site.tunnel, state.ike.get(site.tunnel.gateway, ())))
    at_site = current(sas_at_site(site.tunnel, state.ike.get(site.node, ())))
    spis = {SaPair(child.spi_out, child.spi_in) for _, child in at_gateway}
    spis &= {SaPair(child.spi_in, child.spi_out) for _, child in at_site}
    return spis.pop() if len(spis) == 1 and len(at_gateway) == len(at_site) == 1 else None
