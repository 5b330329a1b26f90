"""Telecommuters: their group selects a profile, the profile a VRF; AAA knows users (Example 9-19 to 9-22)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network

from offnet.design.aggregator import ANY_ADDRESS, ANYWHERE, inside
from offnet.design.internet import attach
from offnet.design.numbers import Numbers
from offnet.design.parts import Contribution, Part
from offnet.design.peers import Terms
from offnet.intent.models import LabIntent
from offnet.intent.remote_access import Client, Group
from offnet.network.aaa import AddressPool
from offnet.network.ike import PUBLIC_KEY, GroupDownload, Xauth
from offnet.network.model import (
    AuthRound,
    ChildSa,
    Crypto,
    DistinguishedName,
    Identity,
    IdentityKind,
    IkeConnection,
    Interface,
    InterfaceKind,
    Link,
    ReverseRoutePolicy,
    Role,
    SharedSecret,
    Site,
    Tunnel,
    Vrf,
)
from offnet.network.pki import authority_file, certificate_file

HOST = 32
ANY_INNER_ADDRESS = "0.0.0.0"  # noqa: S104 - what a client asks for in Mode Config
DYNAMIC = ("dynamic",)  # the inner address, whichever it is
FROM_RADIUS = "radius"


@dataclass(frozen=True, slots=True)
class Served:
    """A group at the aggregator that serves it, with everything that its connections are made from."""

    name: str
    group: Group
    gateway: str
    terms: Terms
    vrf: Vrf
    pool: AddressPool | None
    fixed: tuple[IPv4Address, ...]
    names: DistinguishedName | None = None

    @property
    def identity(self) -> Identity:
        """What clients show: the group in Aggressive Mode, or certificates that a map fits (``names``)."""
        if self.names is not None:
            return Identity(IdentityKind.DN, str(self.names))
        return Identity(IdentityKind.KEY_ID, self.name)

    def shown_by(self, client: Client) -> Identity:
        """What one client shows of that."""
        return (
            self.identity
            if client.certificate is None
            else Identity(IdentityKind.DN, str(client.certificate))
        )

    def certified_by(self, crypto: Crypto) -> str | None:
        """The authority of the certificate that the gateway shows to clients which have none themselves.

        With IKEv2 (RFC 7296, section 2.16); in Aggressive Mode the group's key proves the gateway.
        """
        alone = self.terms.profile.authority is None and crypto is Crypto.MODERN
        return self.terms.gateway.authority if alone else None

    @property
    def gateway_name(self) -> Identity:
        """What the gateway calls itself in that certificate."""
        assert self.terms.gateway.identity is not None  # noqa: S101 - a rule of the intent
        return Identity(IdentityKind.FQDN, self.terms.gateway.identity)

    @property
    def local_ts(self) -> tuple[str, ...]:
        """What clients reach: with a split tunnel these prefixes, else everything."""
        return tuple(str(prefix) for prefix in self.group.split) or ANYWHERE


def remote_access(intent: LabIntent, numbers: Numbers, crypto: Crypto) -> Contribution:
    """Every client, and the aggregators' ends of all groups, those without a client too."""
    served = {one.name: one for one in serve(intent, numbers)}
    parts = [part for one in served.values() for part in _gateway_end(one, crypto)]
    sites = []
    links: list[Link] = []
    for name, client in intent.clients.items():
        own, way = served[client.group], _attach(intent, name, client, served)
        parts += [_client(intent, name, client, own, crypto), *way.parts]
        links += way.links
        sites.append(_site(intent, name, client, own))
    return Contribution(tuple(parts), tuple(links), tuple(sites))


def _attach(intent: LabIntent, name: str, client: Client, served: Mapping[str, Served]) -> Contribution:
    door = served[client.group].terms.profile.front_door
    return attach(intent, name, client.address, client.behind, door)


def serve(intent: LabIntent, numbers: Numbers) -> Iterator[Served]:
    """Every group that a profile matches, at the PE that its AAA server is connected to."""
    for profile_name, profile in intent.profiles.items():
        for name in profile.groups():
            if name not in intent.groups:
                continue  # a key in a keyring: a site that shows a KEY_ID
            assert profile.aaa is not None  # noqa: S101 - a rule of the intent
            group, gateway = intent.groups[name], intent.aaa[profile.aaa.server].pe
            door = intent.gateways[gateway].doors()[profile.front_door]
            fixed = tuple(
                user.address for user in intent.users.values() if user.group == name and user.address
            )
            given = name == profile.group
            names = intent.certificate_maps[profile.match.certificate[0]] if given else None
            terms = Terms(intent.gateways[gateway], door, profile_name, profile, aggressive=not given)
            vrf = numbers.vrfs[profile.vrf]
            yield Served(name, group, gateway, terms, vrf, _pool(intent, group), fixed, names)


def _pool(intent: LabIntent, group: Group) -> AddressPool | None:
    if group.pool is None:
        return None
    pool = intent.pools[group.pool]
    return AddressPool(group.pool, pool.first, pool.last, group.dns)


def _gateway_end(one: Served, crypto: Crypto) -> Iterator[Part]:
    """What is local is charon's from the start; what AAA knows of the group, the agent adds."""
    connection = _gateway_connection(one, crypto)
    pools = (one.pool,) if one.pool else ()
    if one.group.source == FROM_RADIUS:
        download = GroupDownload(connection, str(one.identity), pools)
        yield Part(one.gateway, downloads=(download,), policies=_policies(one))
    else:
        key = SharedSecret(one.name, (str(one.identity),), one.group.key or "")
        secrets = () if connection.certified else (key,)
        yield Part(
            one.gateway, connections=(connection,), secrets=secrets, pools=pools, policies=_policies(one)
        )


def _gateway_connection(one: Served, crypto: Crypto) -> IkeConnection:
    child = ChildSa(
        name=one.name,
        local_ts=one.local_ts,
        remote_ts=DYNAMIC,
        esp_proposals=one.terms.profile.esp.of(crypto),
        if_id=one.vrf.if_id,
    )
    peer = (ANY_ADDRESS, one.identity)
    base = one.terms.connection(child, crypto, own=one.terms.gateway_end, peer=peer, rekey=False)
    known = one.pool if one.group.source != FROM_RADIUS else None  # else RADIUS names it
    pools = (FROM_RADIUS, known.name) if known else (FROM_RADIUS,)
    groups = (one.name,)
    if crypto is Crypto.AS_PRINTED:
        xauth = Xauth("xauth-radius", groups=groups)
        return replace(base, remote_xauth=xauth, pools=pools, keyring=None)
    if base.signs:
        return replace(base, remote_xauth=Xauth("eap-radius", "%any", groups), pools=pools)
    # Whichever group it claims: the class that RADIUS returns decides.
    remote = AuthRound("eap-radius", Identity.anybody(), user="%any", groups=groups)
    local, authority = base.local, one.certified_by(crypto)
    if authority is not None:
        local = AuthRound(PUBLIC_KEY, one.gateway_name, certificate=certificate_file(authority))
    return replace(base, local=local, remote=remote, pools=pools, keyring=None)


def _policies(one: Served) -> tuple[ReverseRoutePolicy, ...]:
    if one.terms.profile.rri == "off":
        return ()
    prefixes = one.pool.prefixes() if one.pool else ()
    prefixes += tuple(IPv4Network((int(address), HOST)) for address in one.fixed)
    return (ReverseRoutePolicy(one.name, one.vrf.name, one.vrf.table, inside(one.vrf), prefixes),)


def _client(intent: LabIntent, name: str, client: Client, own: Served, crypto: Crypto) -> Part:
    gateway = own.terms.door.address.ip
    return Part(
        name,
        role=Role.CLIENT,
        interfaces=(Interface("lo", InterfaceKind.LOOPBACK),),
        connections=(_client_connection(client, own, crypto),),
        secrets=_client_secrets(intent, client, own, crypto),
        await_peers=(gateway,),
    )


def _client_connection(client: Client, own: Served, crypto: Crypto) -> IkeConnection:
    child = ChildSa(
        name=own.gateway,
        local_ts=DYNAMIC,
        remote_ts=ANYWHERE,
        esp_proposals=own.terms.profile.esp.of(crypto),
        start_action="start",
        dpd_action="start",
        close_action="start",
    )
    end = (str(client.address.ip), own.shown_by(client))
    base = own.terms.connection(child, crypto, own=end, peer=own.terms.gateway_end, rekey=True)
    base = replace(base, inner_addresses=(ANY_INNER_ADDRESS,), keyring=None, tireless=True)
    if crypto is Crypto.AS_PRINTED:
        return replace(base, local_xauth=Xauth("xauth", user=client.user))
    if base.signs:
        return replace(base, local_xauth=Xauth("eap-mschapv2", user=client.user))
    local = AuthRound("eap-mschapv2", own.identity, user=client.user)
    remote, authority = base.remote, own.certified_by(crypto)
    if authority is not None:
        remote = AuthRound(PUBLIC_KEY, own.gateway_name, authority=authority_file(authority))
    return replace(base, local=local, remote=remote)


def _client_secrets(
    intent: LabIntent, client: Client, own: Served, crypto: Crypto
) -> tuple[SharedSecret, ...]:
    gateway = str(own.terms.door.address.ip)
    password = SharedSecret(
        client.user,
        (client.user,),
        intent.users[client.user].password,
        kind="xauth" if crypto is Crypto.AS_PRINTED else "eap",
    )
    if client.certificate is not None or own.certified_by(crypto) is not None:
        return (password,)
    return SharedSecret(own.gateway, (gateway,), own.group.key or ""), password


def _site(intent: LabIntent, name: str, client: Client, own: Served) -> Site:
    """A client is a site of one host; the only one that asks a pool gets the first address of it."""
    address = intent.users[client.user].address or (own.pool.first if own.pool else None)
    assert address is not None  # noqa: S101 - a rule of the intent
    tunnel = Tunnel(
        gateway=own.gateway,
        gateway_address=own.terms.door.address.ip,
        gateway_connection=own.name,
        site_connection=own.gateway,
        address=(intent.nats[client.behind].address if client.behind else client.address).ip,
        identity=own.shown_by(client).text,
        profile=own.terms.profile_name,
        vrf=own.vrf.name,
        if_id=own.vrf.if_id,
        rri=own.terms.profile.rri,
        user=client.user,
        reaches=own.group.split,
    )
    return Site(
        name, client.vpn, name, own.gateway, IPv4Network((int(address), HOST)), address, address, tunnel
    )
