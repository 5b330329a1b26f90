"""What a charon and a reverse-route agent hold, in swanctl's terms."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import Literal

from offnet.network.aaa import AddressPool, RadiusAccess


class IdentityKind(StrEnum):
    """Types of identification (RFC 2407 section 4.6.2.1, RFC 7296 section 3.5), by their keys in lab.yml."""

    ADDRESS = "address"
    FQDN = "host"
    USER_FQDN = "user"
    KEY_ID = "group"
    DN = "certificate"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Identity:
    """An IKE identity, or a pattern of identities: a leading ``*`` stands for any text.

    A distinguished name (DN) may be either: one that names some RDNs only fits those that have more.

    ``text`` is what charon shows of it; ``str`` is how swanctl.conf and VICI take it, with the type
    where charon would otherwise guess another one.
    """

    kind: IdentityKind
    text: str

    @classmethod
    def address(cls, address: IPv4Address) -> Identity:
        """The identity of a peer that names itself by its address."""
        return cls(IdentityKind.ADDRESS, str(address))

    @classmethod
    def anybody(cls) -> Identity:
        """The pattern of every identity, of all types."""
        return cls(IdentityKind.ANY, "%any")

    @property
    def pattern(self) -> bool:
        """Whether more than one identity fits."""
        return self.kind is IdentityKind.ANY or self.text.startswith("*")

    def __str__(self) -> str:
        typed = {IdentityKind.KEY_ID: "keyid:", IdentityKind.USER_FQDN: "email:" * self.pattern}
        return f"{typed.get(self.kind, '')}{self.text}"


PRE_SHARED_KEY, PUBLIC_KEY = "psk", "pubkey"  # as swanctl calls the ways to authenticate


@dataclass(frozen=True, slots=True)
class AuthRound:
    """One side's authentication, as swanctl's local/remote sections have it.

    ``user`` is who logs in by EAP; ``groups`` are the classes that AAA must return, one of them.
    ``certificate`` is the file of the certificate that it shows, ``authority`` that of the authority
    that must have issued it.
    """

    auth: str
    id: Identity
    user: str | None = None
    groups: tuple[str, ...] = ()
    certificate: str | None = None
    authority: str | None = None


@dataclass(frozen=True, slots=True)
class Xauth:
    """A second round of authentication: ``user`` logs in; AAA must return one of ``groups``.

    XAUTH with IKEv1; with IKEv2 EAP after a certificate (RFC 4739).
    """

    auth: str
    user: str | None = None
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChildSa:
    """A CHILD_SA configuration in swanctl's terms.

    What its SAs decrypt bears ``mark``, if there is one. With a ``reqid`` of their own two SAs with a peer
    serve the same policy, whoever began them.
    """

    name: str
    local_ts: tuple[str, ...]
    remote_ts: tuple[str, ...]
    esp_proposals: tuple[str, ...]
    mode: str = "tunnel"
    if_id: int | None = None
    start_action: str = "none"
    dpd_action: str = "clear"
    close_action: str = "none"
    mark: int | None = None
    reqid: int | None = None


@dataclass(frozen=True, slots=True)
class IkeConnection:
    """An IKE connection in swanctl's terms; ``profile`` and ``keyring`` are where it comes from.

    ``rekey`` is false at the end that must not start an IKEv1 rekey (only one end may). ``aggressive``
    is IKEv1's Aggressive Mode, where the identity comes before the key must be known. A ``tireless`` end
    asks until the other one answers. A client has ``inner_addresses`` that it asks for, a gateway the
    ``pools`` that they are taken from; ``unique`` says what becomes of a peer's earlier SAs.
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
    aggressive: bool = False
    tireless: bool = False
    profile: str | None = None
    keyring: str | None = None
    local_xauth: Xauth | None = None
    remote_xauth: Xauth | None = None
    unique: Literal["replace", "never"] = "replace"
    inner_addresses: tuple[str, ...] = ()
    pools: tuple[str, ...] = ()

    @property
    def signs(self) -> bool:
        """Whether both ends prove themselves by certificates."""
        return self.local.auth == self.remote.auth == PUBLIC_KEY

    @property
    def certified(self) -> bool:
        """Whether one end at least proves itself by a certificate."""
        return PUBLIC_KEY in (self.local.auth, self.remote.auth)


@dataclass(frozen=True, slots=True)
class SharedSecret:
    """A pre-shared key and the IKE identities that own it, in swanctl's notation; or a user's password."""

    name: str
    owners: tuple[str, ...]
    secret: str
    kind: Literal["ike", "xauth", "eap"] = "ike"


@dataclass(frozen=True, slots=True)
class GroupDownload:
    """A group that AAA knows: the agent completes the connection with what AAA tells of it.

    ``owner`` is the identity that its key belongs to; ``pools`` are those that AAA may name.
    """

    connection: IkeConnection
    owner: str
    pools: tuple[AddressPool, ...]


@dataclass(frozen=True, slots=True)
class BackupPeer:
    """The connection that an agent asks for while the ``preferred`` one has no SA.

    Seconds: the preferred peer has ``patience`` to answer after charon's start, ``hold`` to come back
    after its SA went (a dead peer has been given up by then).
    """

    preferred: str
    backup: str
    patience: int
    hold: int


@dataclass(frozen=True, slots=True)
class IkeDaemon:
    """What charon of one node holds. ``await_peers`` are answered by ping before connections load.

    One that is ``awaited`` itself, by peers that begin, answers no ping before it can answer them. Where
    another aggregator can take over, this one waits for its VRFs' routes from BGP: ``await_tables`` holds
    each table, and how many labels those routes have in the end.
    """

    connections: tuple[IkeConnection, ...]
    secrets: tuple[SharedSecret, ...]
    await_peers: tuple[IPv4Address, ...] = ()
    awaited: bool = False
    pools: tuple[AddressPool, ...] = ()
    downloads: tuple[GroupDownload, ...] = ()
    radius: RadiusAccess | None = None
    backup: BackupPeer | None = None
    await_tables: tuple[tuple[int, int], ...] = ()

    def every_connection(self) -> tuple[IkeConnection, ...]:
        """Those that are local, and those that AAA has a part of."""
        return (*self.connections, *(download.connection for download in self.downloads))


@dataclass(frozen=True, slots=True)
class Drop:
    """Traffic that an incomplete profile should protect: dropped, and counted under a name."""

    counter: str
    profile: str
    interface: str
    prefix: IPv4Network


@dataclass(frozen=True, slots=True)
class ReverseRoutePolicy:
    """What the agent may inject for one connection: these prefixes, into this VRF, by this interface.

    ``identity`` is the peer that it is for where a connection takes several; what such a peer proposes
    beyond it loses its SA. ``static`` keeps the route while the SA is down (as IOS static crypto maps do).
    """

    connection: str
    vrf: str
    table: int
    interface: str
    prefixes: tuple[IPv4Network, ...]
    static: bool = False
    identity: str | None = None
