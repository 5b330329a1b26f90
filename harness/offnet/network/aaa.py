"""AAA in RADIUS's terms: what the server knows, and how an aggregator uses it."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, summarize_address_range

# What IOS sends as the password of every group; who asks for outbound service is a router (RFC 2865, 5.6).
GROUP_PASSWORD = "cisco"  # noqa: S105 - no secret: the group's key is what must be known


@dataclass(frozen=True, slots=True)
class AddressPool:
    """Inner addresses that are given to clients, first to last, with the name server they are told."""

    name: str
    first: IPv4Address
    last: IPv4Address
    dns: IPv4Address | None = None

    def prefixes(self) -> tuple[IPv4Network, ...]:
        """The prefixes that hold exactly these addresses."""
        return tuple(summarize_address_range(self.first, self.last))


@dataclass(frozen=True, slots=True)
class RadiusUser:
    """A user of the server: the group is told as Class, an address as Framed-IP-Address.

    With the address goes the name server, which gateways tell only with addresses of their own pools.
    """

    name: str
    password: str
    group: str
    address: IPv4Address | None = None
    dns: IPv4Address | None = None


@dataclass(frozen=True, slots=True)
class RadiusGroup:
    """A group of the server, for gateways that download its key and attributes."""

    name: str
    key: str
    pool: str | None = None
    dns: IPv4Address | None = None
    split: tuple[IPv4Network, ...] = ()


@dataclass(frozen=True, slots=True)
class RadiusServer:
    """What the AAA node runs. ``client`` is the only network access server it talks to, by its address."""

    address: IPv4Address
    client: IPv4Address
    secret: str
    authentication_port: int
    accounting_port: int
    interim: int
    users: tuple[RadiusUser, ...]
    groups: tuple[RadiusGroup, ...]


@dataclass(frozen=True, slots=True)
class RadiusAccess:
    """How an aggregator's charon uses the server.

    ``source`` is its own address toward it, where it also listens for Disconnect-Requests if there is a
    ``dae_secret``. ``profiles`` are those whose sessions are accounted: charon tells of clients, the agent of
    sites. ``interim`` is in seconds.
    """

    node: str
    server: IPv4Address
    source: IPv4Address
    secret: str
    nas: str
    authentication_port: int
    accounting_port: int
    accounting: bool
    profiles: tuple[str, ...]
    interim: int
    dae_secret: str | None = None
