"""What a node's kernel holds, typed."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

MAIN_TABLE = 254
LOCAL_TABLE = 255


@dataclass(frozen=True, slots=True)
class Hop:
    """Where packets of a route go. ``labels`` are imposed, outermost first."""

    via: IPv4Address | None
    interface: str | None
    labels: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KernelRoute:
    """An IPv4 route of one table. ``kind`` is unicast, local, unreachable, ...; no hops when unreachable."""

    table: int
    prefix: IPv4Network
    kind: str
    protocol: str
    metric: int
    hops: tuple[Hop, ...]


@dataclass(frozen=True, slots=True)
class MplsRoute:
    """What the kernel does with a label: swap to ``out_labels``, or pop when there are none."""

    label: int
    out_labels: tuple[int, ...]
    via: IPv4Address | None
    interface: str | None
    protocol: str


@dataclass(frozen=True, slots=True)
class Lookup:
    """The answer to ``ip route get``: the hop taken, or ``unreachable`` with the kernel's reason."""

    destination: IPv4Address
    table: int | None
    hop: Hop | None
    source: IPv4Address | None = None
    error: str = ""

    @property
    def unreachable(self) -> bool:
        """Whether the kernel would not send such a packet."""
        return self.hop is None


@dataclass(frozen=True, slots=True)
class InterfaceState:
    """An interface. ``vrf`` is its master's name where the master is a VRF, ``table`` a VRF's own table."""

    name: str
    index: int
    up: bool
    mtu: int
    kind: str
    parent: str | None
    master: str | None
    if_id: int | None
    table: int | None
    addresses: tuple[IPv4Interface, ...]
    rx_packets: int
    tx_packets: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A policy routing rule."""

    priority: int
    table: str
    l3mdev: bool


@dataclass(frozen=True, slots=True)
class KernelNeighbor:
    """An entry of the neighbour table."""

    address: str
    interface: str
    mac: str | None
    state: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class XfrmState:
    """A security association in the kernel's SADB. Keys are never read."""

    source: IPv4Address
    destination: IPv4Address
    protocol: str
    spi: int
    reqid: int
    mode: str
    if_id: int
    direction: str
    algorithms: tuple[str, ...]
    encapsulation: bool
    bytes: int
    packets: int
    replay_errors: int
    auth_failures: int


@dataclass(frozen=True, slots=True)
class XfrmPolicy:
    """An entry of the kernel's SPD with the outer addresses of its template, if it has one."""

    source: IPv4Network
    destination: IPv4Network
    direction: str
    action: str
    priority: int
    if_id: int
    protocol: str
    template_source: IPv4Address | None
    template_destination: IPv4Address | None
    reqid: int
    mode: str


@dataclass(frozen=True, slots=True)
class NftCounter:
    """A counter of nftables: a named one, or that of a rule, which then bears the rule's comment."""

    table: str
    chain: str
    name: str
    packets: int
    bytes: int
