"""A site whose every packet goes into its tunnel, wherever routing would send it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from offnet.network.model import Site
from offnet.runtime.base import RunningLab

TABLE = "4242"


@contextmanager
def steered(lab: RunningLab, site: Site) -> Iterator[None]:
    """What a GRE site's LAN sends takes the tunnel meanwhile, so that the aggregator has to refuse it.

    Routing gives such a site routes to its own VPN only: what it must not reach it would not even try.
    A site by policy sends everything through its SA anyway.
    """
    gre = site.tunnel.gre if site.tunnel else None
    if gre is None:
        yield
        return
    hop = ["via", str(gre.gateway_inside.ip), "onlink"] if gre.shared else []
    rule, route = ["from", str(site.lan), "table", TABLE], ["default", *hop, "dev", gre.site_interface]
    lab.run(site.node, ["ip", "route", "replace", *route, "table", TABLE])
    lab.run(site.node, ["ip", "rule", "add", *rule])
    try:
        yield
    finally:
        lab.run(site.node, ["ip", "rule", "del", *rule])
        lab.run(site.node, ["ip", "route", "del", *route, "table", TABLE])
