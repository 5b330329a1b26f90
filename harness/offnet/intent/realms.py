"""Which part of the Internet a NAT router is in; beyond different front doors addresses may be the same."""

from __future__ import annotations

from offnet.intent.models import LabIntent, OffNetSite


def nat_door(intent: LabIntent, nat: str) -> str | None:
    """The front door that those behind a NAT router use, None where that is the one address of a gateway."""
    behind = (
        site.front_door
        for site in intent.sites.values()
        if isinstance(site, OffNetSite) and site.behind == nat
    )
    return next(behind, None)
