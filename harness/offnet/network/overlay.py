"""Meshes of tunnels between customers' routers, which the provider or the Internet only transports."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network


@dataclass(frozen=True, slots=True)
class OverlayTunnel:
    """The tunnel of two sites; ``initiator`` alone sets it up.

    Each end's connection, and its CHILD_SA, has the name of the site at the other end.
    """

    initiator: str
    responder: str
    initiator_address: IPv4Address
    responder_address: IPv4Address


@dataclass(frozen=True, slots=True)
class Overlay:
    """A full mesh. ``circuits`` holds each member's subnet at its PE; empty across the Internet."""

    name: str
    vpn: str
    sites: tuple[str, ...]
    tunnels: tuple[OverlayTunnel, ...]
    circuits: dict[str, IPv4Network]

    @property
    def in_provider(self) -> bool:
        """Whether the provider's VPN transports it."""
        return bool(self.circuits)

    def between(self, one: str, other: str) -> OverlayTunnel:
        """The tunnel of two sites; KeyError if there is none."""
        for tunnel in self.tunnels:
            if {tunnel.initiator, tunnel.responder} == {one, other}:
                return tunnel
        raise KeyError(f"{one} and {other}")
