"""Who comes to an aggregator by IPsec: every off-net site with the profile and the key that it selects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address

from offnet.design.addresses import far_end, with_length
from offnet.design.allocate import interface_name
from offnet.design.identities import connection_name, pattern_of, shown
from offnet.design.lan import Lan
from offnet.design.numbers import Numbers
from offnet.intent.models import Door, Gateway, Keyring, LabIntent, OffNetSite, Profile
from offnet.intent.selection import INCOMPLETE, Selection, Selector, identity_of, key_owners
from offnet.network.ike import PRE_SHARED_KEY, PUBLIC_KEY
from offnet.network.model import (
    AuthRound,
    ChildSa,
    Crypto,
    Identity,
    IdentityKind,
    IkeConnection,
    SharedSecret,
    Site,
    Tunnel,
    Vrf,
)
from offnet.network.pki import authority_file, certificate_file

# An address, as swanctl takes it, and an identity.
End = tuple[str, Identity]


@dataclass(frozen=True, slots=True)
class Terms:
    """What both ends of a tunnel agree on: the gateway's policy and what the profile says."""

    gateway: Gateway
    door: Door
    profile_name: str
    profile: Profile
    aggressive: bool = False

    @property
    def gateway_end(self) -> End:
        """The aggregator's address and identity; with certificates, its name in them."""
        address = self.door.address.ip
        if self.profile.authority is None:
            return str(address), Identity.address(address)
        assert self.gateway.identity is not None  # noqa: S101 - a rule of the intent
        return str(address), Identity(IdentityKind.FQDN, self.gateway.identity)

    def _rounds(self, own: Identity, peer: Identity) -> tuple[AuthRound, AuthRound]:
        """How this end proves itself, and how the other one must."""
        authority = self.profile.authority
        if authority is None:
            return AuthRound(PRE_SHARED_KEY, own), AuthRound(PRE_SHARED_KEY, peer)
        return (
            AuthRound(PUBLIC_KEY, own, certificate=certificate_file(authority)),
            AuthRound(PUBLIC_KEY, peer, authority=authority_file(authority)),
        )

    def connection(
        self, child: ChildSa, crypto: Crypto, *, own: End, peer: End, rekey: bool
    ) -> IkeConnection:
        """The connection of one end, which is called like its CHILD_SA."""
        version = 1 if crypto is Crypto.AS_PRINTED else 2
        local, remote = self._rounds(own[1], peer[1])
        return IkeConnection(
            name=child.name,
            version=version,
            local_addresses=(own[0],),
            remote_addresses=(peer[0],),
            local=local,
            remote=remote,
            proposals=self.gateway.ike_policies.of(crypto),
            dpd_delay=self.gateway.dpd.delay,
            dpd_timeout=self.gateway.dpd.timeout,
            children=(child,),
            rekey=rekey,
            aggressive=version == 1 and self.aggressive,
            profile=self.profile_name,
            keyring=self.profile.keyring,
        )


@dataclass(frozen=True, slots=True)
class Peer:
    """One off-net site at one aggregator, with everything that its connections are made from.

    At its ``backup`` aggregator it has an SA only while it has none at the other one.
    """

    name: str
    site: OffNetSite
    lan: Lan
    address: IPv4Address
    gateway_name: str
    gateway: Gateway
    door: Door
    selector: Selector
    profile: Profile
    vrf: Vrf
    identity: Identity
    secret: SharedSecret | None
    backup: bool = False

    @property
    def gateway_address(self) -> IPv4Address:
        """The aggregator's address that the tunnel ends on."""
        return self.door.address.ip

    @property
    def terms(self) -> Terms:
        """What both ends agree on."""
        return Terms(self.gateway, self.door, self.selector.profile, self.profile, self.aggressive)

    @property
    def shared(self) -> Identity | None:
        """The pattern of the connection that the site shares with others, None if it has one of its own."""
        return pattern_of(self.selector, self.identity) if self.selector.partial else None

    @property
    def incomplete(self) -> bool:
        """Whether its profile has no match, so that it gets no SA."""
        return self.selector.kind == INCOMPLETE

    @property
    def aggressive(self) -> bool:
        """Whether IKEv1 needs the identity before it can know the key."""
        if self.secret is None:
            return False
        return self.secret.owners == (str(self.identity),) and self.identity.kind is not IdentityKind.ADDRESS

    @property
    def connection(self) -> str:
        """The aggregator's connection."""
        if self.shared is None:
            return self.name
        return connection_name(self.selector, self.shared, aggressive=self.aggressive)


def resolve(intent: LabIntent, numbers: Numbers, method: type[OffNetSite] = OffNetSite) -> Iterator[Peer]:
    """Every off-net site (of a kind) at every aggregator that it uses, the preferred one first."""
    selection = Selection(intent.profiles, intent.certificate_maps)
    for name, site in intent.sites.items():
        if not isinstance(site, method):
            continue
        selector = selection.select(*identity_of(site), site.front_door, site.authority)
        if site.profile is not None:
            selector = Selector(site.profile, INCOMPLETE, name)
        assert selector is not None  # noqa: S101 - a rule of the intent
        yield from (_peer(intent, numbers, name, selector, gateway) for gateway in site.gateways)


def _peer(intent: LabIntent, numbers: Numbers, name: str, selector: Selector, at: str) -> Peer:
    """A site at one of its aggregators, with the match that selects its profile."""
    site, profile, gateway = intent.sites[name], intent.profiles[selector.profile], intent.gateways[at]
    assert isinstance(site, OffNetSite)  # noqa: S101 - the caller has looked
    door = _door(gateway, site)
    return Peer(
        name=name,
        site=site,
        lan=numbers.lans[name],
        address=_outer_address(intent, site),
        gateway_name=at,
        gateway=gateway,
        door=door,
        selector=selector,
        profile=profile,
        vrf=numbers.vrfs[profile.vrf],
        identity=shown(*identity_of(site)),
        secret=_secret(intent.keyrings, profile.keyring, name, site, door.address.ip),
        backup=at != site.access.gateway,
    )


def tunnel_of(peer: Peer) -> Tunnel:
    """How a site reaches its VPN; at both ends the connection of a tunnel is called like its CHILD_SA."""
    return Tunnel(
        gateway=peer.gateway_name,
        gateway_address=peer.gateway_address,
        gateway_connection=peer.connection,
        site_connection=peer.gateway_name,
        address=peer.address,
        identity=peer.identity.text,
        profile=peer.selector.profile,
        vrf=peer.vrf.name,
        if_id=peer.vrf.if_id,
        rri=peer.profile.rri,
        circuit=interface_name(peer.name) if peer.site.on_circuit else None,
    )


def site_of(peer: Peer, tunnel: Tunnel | None) -> Site:
    """The site with this tunnel, or without any."""
    lan = peer.lan
    return Site(
        peer.name, peer.site.vpn, peer.name, peer.gateway_name, lan.prefix, lan.host, lan.marker, tunnel
    )


def _door(gateway: Gateway, site: OffNetSite) -> Door:
    """Where a site comes in: by a door of the gateway, or by a circuit, whose other end is the gateway's."""
    if not site.on_circuit:
        return gateway.doors()[site.front_door]
    address = site.access.address
    return Door(None, with_length(far_end(address), address.network.prefixlen), address.ip)


def _outer_address(intent: LabIntent, site: OffNetSite) -> IPv4Address:
    """The address that the aggregator sees."""
    behind = site.behind
    return (intent.nats[behind].address if behind else site.access.address).ip


def _secret(
    keyrings: Mapping[str, Keyring], ring: str | None, name: str, site: OffNetSite, gateway: IPv4Address
) -> SharedSecret | None:
    """The aggregator's key of a peer: by its address, else by its identity, else everybody's."""
    if ring is None:
        return None
    owners, identity = key_owners(site), shown(*identity_of(site))
    keyring = keyrings[ring]
    key = keyring.key(*owners)
    assert key is not None  # noqa: S101 - a rule of the intent
    found = next((owner for owner in owners if owner in keyring.keys), None)
    if found is None:
        return SharedSecret(ring, (str(gateway),), key)
    named = (str(identity),) if found == identity.text else (found, str(identity))
    return SharedSecret(f"{ring}-{name}", named, key)
