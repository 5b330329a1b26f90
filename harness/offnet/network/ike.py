"""What a charon and a reverse-route agent hold, in swanctl's terms."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network


@dataclass(frozen=True, slots=True)
class AuthRound:
    """One side's authentication, as swanctl's local/remote sections have it."""

    auth: str
    id: str


@dataclass(frozen=True, slots=True)
class ChildSa:
    """A CHILD_SA configuration in swanctl's terms."""

    name: str
    local_ts: tuple[str, ...]
    remote_ts: tuple[str, ...]
    esp_proposals: tuple[str, ...]
    mode: str = "tunnel"
    if_id: int | None = None
    start_action: str = "none"
    dpd_action: str = "clear"
    close_action: str = "none"


@dataclass(frozen=True, slots=True)
class IkeConnection:
    """An IKE connection in swanctl's terms; ``profile`` and ``keyring`` are where it comes from.

    ``rekey`` is false at the end that must not start an IKEv1 rekey (only one end may).
    """

    name: str
    version: int
    local_addresses: tuple[str, ...]
    remote_addresses: tuple[str, ...]
    local: AuthRound
    remote: AuthRound
    proposals: tuple[str, ...]
    dpd_delay: int
    dpd_timeout: int
    children: tuple[ChildSa, ...]
    rekey: bool = True
    profile: str | None = None
    keyring: str | None = None


@dataclass(frozen=True, slots=True)
class SharedSecret:
    """A pre-shared key and the IKE identities that own it."""

    name: str
    owners: tuple[str, ...]
    secret: str


@dataclass(frozen=True, slots=True)
class IkeDaemon:
    """What charon of one node holds. ``await_peers`` are answered by ping before connections load."""

    connections: tuple[IkeConnection, ...]
    secrets: tuple[SharedSecret, ...]
    await_peers: tuple[IPv4Address, ...] = ()


@dataclass(frozen=True, slots=True)
class ReverseRoutePolicy:
    """What the agent may inject for one connection: these prefixes, into this VRF, by this interface.

    ``static`` keeps the route while the SA is down (as IOS static crypto maps do).
    """

    connection: str
    vrf: str
    table: int
    interface: str
    prefixes: tuple[IPv4Network, ...]
    static: bool = False
