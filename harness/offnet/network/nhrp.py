"""NHRP: how the ends of a multipoint tunnel know each other's outer addresses."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network


@dataclass(frozen=True, slots=True)
class NhrpMember:
    """A spoke as its next hop server may know it: the tunnel address, and the LAN that it may announce."""

    name: str
    address: IPv4Address
    lan: IPv4Network


@dataclass(frozen=True, slots=True)
class Nhrp:
    """NHRP (RFC 2332) on a multipoint interface; the holding time is in seconds.

    A client registers with the next hop ``server`` at its NBMA address ``nbma``; who has no ``nbma`` is
    the server itself, and knows its ``members``. With ``shortcuts`` spokes find each other's NBMA address.
    """

    interface: str
    network_id: int
    authentication: str
    holdtime: int
    server: IPv4Address
    nbma: IPv4Address | None = None
    shortcuts: bool = False
    members: tuple[NhrpMember, ...] = ()

    @property
    def serves(self) -> bool:
        """Whether it is the next hop server."""
        return self.nbma is None
