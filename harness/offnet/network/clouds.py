"""Clouds: spokes around a hub on one multipoint tunnel interface (DMVPN)."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from offnet.network.nhrp import Nhrp
from offnet.network.routing import EdgeProtocol


@dataclass(frozen=True, slots=True)
class Cloud:
    """A DMVPN; its name is that of its routing context on the ``hub``. MTU in bytes.

    GRE with its ``key`` is taken from SAs of its ``vpn`` only, which bear ``mark``. ``spokes`` are sites;
    an SA between two of them is of the connection that is called like the cloud.
    """

    name: str
    vpn: str
    hub: str
    source: IPv4Address
    interface: str
    key: int
    mark: int
    mtu: int
    routing: EdgeProtocol
    nhrp: Nhrp
    spokes: tuple[str, ...]
