"""What charon says about its security associations, typed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from offnet.network.model import Tunnel

# A rekeyed SA stays listed until it expires: it carries nothing and is no second tunnel.
CURRENT_CHILD_STATES = frozenset({"INSTALLED", "UPDATING", "REKEYING"})
CURRENT_IKE_STATES = frozenset({"ESTABLISHED"})


@dataclass(frozen=True, slots=True)
class ChildSaState:
    """A CHILD_SA. ``spi_in`` and ``spi_out`` are as numbers, as on the wire."""

    name: str
    unique_id: int
    reqid: int
    state: str
    mode: str
    protocol: str
    spi_in: int
    spi_out: int
    if_id: int
    encapsulation: bool
    encryption: str
    integrity: str
    dh_group: str
    local_ts: tuple[str, ...]
    remote_ts: tuple[str, ...]
    packets_in: int
    packets_out: int
    bytes_in: int
    bytes_out: int
    installed_seconds: int

    @property
    def current(self) -> bool:
        """Whether the SA carries traffic; false for one that a rekeying has replaced."""
        return self.state in CURRENT_CHILD_STATES


@dataclass(frozen=True, slots=True)
class IkeSa:
    """An IKE_SA with its CHILD_SAs; ``name`` is that of the connection (the ISAKMP profile).

    ``user`` is who has logged in by XAUTH or EAP, ``remote_inner`` what that peer got from a pool.
    """

    name: str
    unique_id: int
    version: int
    state: str
    initiator: bool
    local_host: str
    local_port: int
    local_id: str
    remote_host: str
    remote_port: int
    remote_id: str
    initiator_spi: int
    responder_spi: int
    encryption: str
    integrity: str
    prf: str
    dh_group: str
    established_seconds: int
    children: tuple[ChildSaState, ...] = ()
    user: str = ""
    remote_inner: tuple[str, ...] = ()

    @property
    def current(self) -> bool:
        """Whether the SA is up; false while it is set up, replaced or deleted."""
        return self.state in CURRENT_IKE_STATES

    @property
    def current_children(self) -> tuple[ChildSaState, ...]:
        """The CHILD_SAs that carry traffic.

        With IKEv1 two Quick Modes that ran side by side (a trap and a restart, say) leave two SAs for
        the same selectors: the responder takes the second one for a rekeying, the initiator lists both
        as installed. Only the newest carries traffic.
        """
        current = sorted((child for child in self.children if child.current), key=lambda one: one.unique_id)
        if self.version != 1:
            return tuple(current)
        newest = {(child.name, child.local_ts, child.remote_ts): child for child in current}
        return tuple(newest.values())


def sas_of(tunnel: Tunnel, sas: Iterable[IkeSa]) -> tuple[IkeSa, ...]:
    """The aggregator's IKE_SAs of a tunnel; who shares a connection is told apart by identity and user."""
    ours = (tunnel.gateway_connection, tunnel.identity, tunnel.user or "")
    return tuple(sa for sa in sas if (sa.name, sa.remote_id, sa.user) == ours)


def sas_at_site(tunnel: Tunnel, sas: Iterable[IkeSa]) -> tuple[IkeSa, ...]:
    """The site's own IKE_SAs of a tunnel.

    A spoke whose address has changed comes to its hub by the connection that it has for everybody.
    """
    if tunnel.gre and tunnel.gre.cloud:
        names, hub = {tunnel.site_connection, tunnel.gre.cloud}, str(tunnel.gateway_address)
        return tuple(sa for sa in sas if sa.name in names and sa.remote_host == hub)
    return tuple(sa for sa in sas if sa.name == tunnel.site_connection)


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection that charon holds, as ``list-conns`` shows it (it shows no proposals)."""

    name: str
    version: int
    local_addresses: tuple[str, ...]
    remote_addresses: tuple[str, ...]
    local_id: str
    remote_id: str
    children: tuple[str, ...]


class EventKind(StrEnum):
    """The events of charon that matter here."""

    IKE_UPDOWN = "ike-updown"
    IKE_REKEY = "ike-rekey"
    CHILD_UPDOWN = "child-updown"
    CHILD_REKEY = "child-rekey"
    LOG = "log"


@dataclass(frozen=True, slots=True)
class Event:
    """An event. ``up`` is false when the SA goes; a rekeying carries ``old`` and ``new``.

    ``message`` is set for log events only.
    """

    kind: EventKind
    up: bool = False
    sas: tuple[IkeSa, ...] = ()
    old: tuple[IkeSa, ...] = ()
    new: tuple[IkeSa, ...] = ()
    message: str = ""
