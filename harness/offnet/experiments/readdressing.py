"""A site that gets another address of its access network."""

from __future__ import annotations

from ipaddress import IPv4Address

from offnet.network.model import Network, Site
from offnet.runtime.base import RunningLab


def give_address(lab: RunningLab, network: Network, site: Site, address: IPv4Address) -> None:
    """Gives a site this one on the Internet, and no other."""
    assert site.tunnel is not None  # noqa: S101 - it is off-net
    own = site.tunnel.address
    context = network.node(site.node).default
    door = next(one for one in context.interfaces if own in {each.ip for each in one.addresses})
    (length,) = {each.network.prefixlen for each in door.addresses}
    (hop,) = {route.via for route in context.routes if route.interface == door.name}
    batch = (
        f"address flush dev {door.name}\n"
        f"address add {address}/{length} dev {door.name}\n"
        f"route replace default via {hop} dev {door.name}\n"
    )
    lab.run(site.node, ["ip", "-batch", "-"], input=batch.encode())
