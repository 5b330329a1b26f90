"""What FRR says, typed. Labels are numbers as RFC 3032 has them; implicit null is 3."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

IMPLICIT_NULL = 3


@dataclass(frozen=True, slots=True)
class OspfNeighbor:
    """An OSPF neighbour. ``full`` says that databases are exchanged."""

    router_id: IPv4Address
    state: str
    interface: str
    address: IPv4Address

    @property
    def full(self) -> bool:
        """Whether the adjacency is complete."""
        return self.state == "Full"


@dataclass(frozen=True, slots=True)
class LdpNeighbor:
    """An LDP session."""

    router_id: IPv4Address
    state: str
    transport_address: IPv4Address

    @property
    def operational(self) -> bool:
        """Whether labels can be exchanged."""
        return self.state == "OPERATIONAL"


@dataclass(frozen=True, slots=True)
class LdpBinding:
    """One neighbour's label for a prefix, and the label given to the prefix here."""

    prefix: IPv4Network
    local_label: int | None
    neighbor: IPv4Address | None
    remote_label: int | None
    in_use: bool


@dataclass(frozen=True, slots=True)
class BgpPeer:
    """A BGP neighbour of address family VPNv4."""

    address: IPv4Address
    remote_as: int
    state: str
    prefixes_received: int
    prefixes_sent: int

    @property
    def established(self) -> bool:
        """Whether the session is up."""
        return self.state == "Established"


@dataclass(frozen=True, slots=True)
class BgpRoute:
    """One path to a prefix. ``rd`` is empty in a VRF's own table.

    ``label`` is the VPN label; ``route_targets`` without the ``RT:`` prefix. ``imported_from`` is
    the RD a VRF took the path from. ``local`` paths are originated by this router.
    """

    rd: str
    prefix: IPv4Network
    next_hop: IPv4Address
    label: int | None
    route_targets: tuple[str, ...]
    origin: str
    as_path: str
    local_preference: int | None
    med: int | None
    best: bool
    valid: bool
    local: bool
    peer: IPv4Address | None
    imported_from: str = ""


@dataclass(frozen=True, slots=True)
class ZebraNexthop:
    """One next hop. ``labels`` are imposed, outermost first; ``fib`` ones are in the kernel."""

    address: IPv4Address | None
    interface: str | None
    labels: tuple[int, ...]
    fib: bool
    recursive: bool
    unreachable: bool


@dataclass(frozen=True, slots=True)
class ZebraRoute:
    """A route of a VRF as zebra holds it."""

    vrf: str
    table: int
    prefix: IPv4Network
    protocol: str
    distance: int
    metric: int
    selected: bool
    installed: bool
    nexthops: tuple[ZebraNexthop, ...]

    @property
    def fib_nexthops(self) -> tuple[ZebraNexthop, ...]:
        """The next hops that packets take."""
        return tuple(hop for hop in self.nexthops if hop.fib)


@dataclass(frozen=True, slots=True)
class LabelEntry:
    """An entry of the label table: what happens to a packet that arrives with ``label``.

    ``out_labels`` of implicit null only mean that the label is popped; a VRF's name as
    ``interface`` means that the next lookup is in that VRF.
    """

    label: int
    protocol: str
    out_labels: tuple[int, ...]
    next_hop: IPv4Address | None
    interface: str | None
    installed: bool

    @property
    def pops(self) -> bool:
        """Whether the label is removed and none put in its place."""
        return all(label == IMPLICIT_NULL for label in self.out_labels)
