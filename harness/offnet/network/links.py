"""Links between nodes, and those of the core that are tunnels."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One end of a link."""

    node: str
    interface: str

    def __str__(self) -> str:
        return f"{self.node}:{self.interface}"


@dataclass(frozen=True, slots=True)
class Link:
    """A point-to-point Ethernet link; MTU in bytes."""

    a: Endpoint
    b: Endpoint
    mtu: int = 1500


@dataclass(frozen=True, slots=True)
class CoreEnd:
    """One end of a tunnel between PEs: its GRE interface, and its IKE connection with the other end.

    ``outer`` is what the IP network between them sees; ``inner`` is the address inside the tunnel.
    """

    node: str
    interface: str
    connection: str
    outer: IPv4Address
    inner: IPv4Address


@dataclass(frozen=True, slots=True)
class CoreTunnel:
    """A link of the core that is MPLS in GRE in IPsec transport mode; MTU in bytes."""

    a: CoreEnd
    b: CoreEnd
    mtu: int

    @property
    def ends(self) -> tuple[CoreEnd, CoreEnd]:
        """Both ends."""
        return self.a, self.b

    @property
    def name(self) -> str:
        """Both PEs, for people."""
        return f"{self.a.node} - {self.b.node}"
