"""The aggregators' ends of tunnels: a connection for each whole identity, and one for each pattern."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from offnet.design.identities import connection_name, patterns
from offnet.design.numbers import Numbers
from offnet.design.parts import Contribution, Part
from offnet.design.peers import End, Peer, Terms
from offnet.intent.models import LabIntent
from offnet.intent.selection import Selection
from offnet.network.model import (
    ChildSa,
    Crypto,
    Drop,
    Identity,
    IdentityKind,
    IkeConnection,
    Interface,
    InterfaceKind,
    ReverseRoutePolicy,
    Vrf,
)
from offnet.network.precedence import precedence

# Outside tunnels every peer is a host; a CE's policy covers all that leaves its LAN (access list 100).
ANYWHERE = ("0.0.0.0/0",)
ANY_ADDRESS = "%any"


def aggregator_ends(
    intent: LabIntent, numbers: Numbers, peers: tuple[Peer, ...], crypto: Crypto
) -> list[Part]:
    """Connections, keys, what the agent may inject, and the interfaces into the VRFs."""
    parts = [
        _dropping(peer) if peer.incomplete else _own_end(peer, crypto)
        for peer in peers
        if peer.shared is None
    ]
    parts += _shared_ends(intent, numbers, peers, crypto)
    return parts + _secrets(peers)


def _own_end(peer: Peer, crypto: Crypto) -> Part:
    """The connection of a site that a whole identity selects."""
    # A static reverse route attracts traffic while there is no SA: a trap then asks for one.
    start = "trap" if peer.profile.rri == "static" else "none"
    child = replace(_child(peer.name, peer.terms, peer.vrf, (peer,), crypto), start_action=start)
    address = ANY_ADDRESS if peer.site.dynamic else str(peer.address)
    connection = _connection(peer.terms, child, crypto, (address, peer.identity))
    return Part(peer.gateway_name, connections=(connection,), policies=_policies(peer))


def _dropping(peer: Peer) -> Part:
    """What an incomplete profile does to the traffic that it should protect: routed here, dropped here."""
    vrf, lan = peer.vrf, (peer.lan.prefix,)
    drop = Drop(peer.name, peer.selector.profile, inside(vrf), peer.lan.prefix)
    policy = ReverseRoutePolicy(peer.name, vrf.name, vrf.table, inside(vrf), lan, static=True)
    return Part(peer.gateway_name, drops=(drop,), policies=(policy,))


@dataclass(frozen=True, slots=True)
class _Shared:
    """The connection that all peers of a pattern share, at one aggregator."""

    gateway: str
    name: str
    terms: Terms
    pattern: Identity

    def rank(self) -> tuple[int, str, str]:
        """A sort key: the order in which charon must try them."""
        return (*precedence(self.pattern), self.name)


def _shared_ends(intent: LabIntent, numbers: Numbers, peers: tuple[Peer, ...], crypto: Crypto) -> list[Part]:
    """The connections of patterns, the longest pattern first.

    A pattern that no site of the lab fits is there as well, without a CHILD_SA: its peers belong to
    its profile, and not to that of a shorter pattern.
    """
    members: dict[tuple[str, str], list[Peer]] = defaultdict(list)
    for peer in peers:
        members[peer.gateway_name, peer.connection].append(peer)
    parts = []
    for shared in sorted(_patterns(intent, peers), key=_Shared.rank):
        group = tuple(members[shared.gateway, shared.name])
        if group or not shared.terms.aggressive:
            vrf = numbers.vrfs[shared.terms.profile.vrf]
            parts.append(_shared_end(shared, vrf, group, crypto))
    return parts


def _patterns(intent: LabIntent, peers: tuple[Peer, ...]) -> Iterator[_Shared]:
    """Every pattern of the profiles at every aggregator, in both modes of IKEv1."""
    gateways = dict.fromkeys(peer.gateway_name for peer in peers)
    of_clouds = {cloud.profile for cloud in intent.clouds.values()}
    for gateway, selector in product(gateways, Selection(intent.profiles, intent.certificate_maps).partial()):
        profile = intent.profiles[selector.profile]
        if profile.group is not None or selector.profile in of_clouds:
            continue  # its peers are clients, or spokes of a DMVPN
        door = intent.gateways[gateway].doors().get(profile.front_door)
        if door is None:
            continue
        modes = (False, True) if profile.authority is None else (False,)
        for pattern, aggressive in product(patterns(selector), modes):
            name = connection_name(selector, pattern, aggressive=aggressive)
            terms = Terms(intent.gateways[gateway], door, selector.profile, profile, aggressive)
            yield _Shared(gateway, name, terms, pattern)


def _shared_end(shared: _Shared, vrf: Vrf, group: tuple[Peer, ...], crypto: Crypto) -> Part:
    child = _child(shared.name, shared.terms, vrf, group, crypto)
    connection = _connection(shared.terms, child, crypto, (ANY_ADDRESS, shared.pattern))
    if not group:
        connection = replace(connection, children=())
    policies = _joined(policy for peer in group for policy in _policies(peer))
    return Part(shared.gateway, connections=(connection,), policies=policies)


def _joined(policies: Iterable[ReverseRoutePolicy]) -> tuple[ReverseRoutePolicy, ...]:
    """One policy for each identity; what is allowed to the nameless is allowed to all of them."""
    by_identity: dict[str | None, ReverseRoutePolicy] = {}
    for policy in policies:
        known = by_identity.get(policy.identity)
        prefixes = (*known.prefixes, *policy.prefixes) if known else policy.prefixes
        by_identity[policy.identity] = replace(policy, prefixes=prefixes)
    return tuple(by_identity.values())


def _child(name: str, terms: Terms, vrf: Vrf, peers: tuple[Peer, ...], crypto: Crypto) -> ChildSa:
    return ChildSa(
        name=name,
        local_ts=ANYWHERE,
        remote_ts=tuple(str(prefix) for prefix in sorted(peer.lan.prefix for peer in peers)),
        esp_proposals=terms.profile.esp.of(crypto),
        if_id=vrf.if_id,
    )


def _connection(terms: Terms, child: ChildSa, crypto: Crypto, peer: End) -> IkeConnection:
    # IKEv1 dies silently when both ends rekey an IKE_SA: there the spoke alone does it.
    rekey = crypto is Crypto.MODERN
    return terms.connection(child, crypto, own=terms.gateway_end, peer=peer, rekey=rekey)


def _secrets(peers: tuple[Peer, ...]) -> list[Part]:
    """Each peer's key, of those that have one; a wildcard key once, for all that have no other."""
    keys = dict.fromkeys((peer.gateway_name, peer.secret) for peer in peers if peer.secret)
    return [Part(gateway, secrets=(secret,)) for gateway, secret in keys]


def _policies(peer: Peer) -> tuple[ReverseRoutePolicy, ...]:
    if peer.profile.rri == "off":
        return ()
    vrf, lan = peer.vrf, (peer.lan.prefix,)
    static = peer.profile.rri == "static"
    # Who may come from any address, and so with any identity, is known by the key that it shares.
    nameless = peer.site.dynamic and peer.identity.kind is IdentityKind.ADDRESS
    identity = peer.identity.text if peer.shared and not nameless else None
    return (ReverseRoutePolicy(peer.connection, vrf.name, vrf.table, inside(vrf), lan, static, identity),)


def inside_interfaces(parts: Sequence[Part], numbers: Numbers) -> Contribution:
    """One XFRM interface per VRF that tunnels of an aggregator end in: what their SAs decrypt is in it."""
    vrfs = {vrf.if_id: vrf for vrf in numbers.vrfs.values()}
    doors = _doors(parts)
    ends: dict[tuple[str, int], set[str]] = {}
    for part in reversed(parts):
        for connection in (*part.connections, *(download.connection for download in part.downloads)):
            for child in connection.children:
                if child.if_id is not None:
                    door = doors[part.node, connection.local_addresses[0]]
                    ends.setdefault((part.node, child.if_id), set()).add(door)
    return Contribution(
        tuple(
            Part(node, interfaces=(_xfrm(vrfs[if_id], own),)) for (node, if_id), own in reversed(ends.items())
        )
    )


def _doors(parts: Iterable[Part]) -> dict[tuple[str, str], str]:
    """Every front door by its node and address."""
    return {
        (part.node, str(address.ip)): interface.name
        for part in parts
        for interface in part.interfaces
        for address in interface.addresses
    }


def inside(vrf: Vrf) -> str:
    """The name of the XFRM interface of a VRF."""
    return f"ipsec{vrf.if_id}"


def _xfrm(vrf: Vrf, doors: set[str]) -> Interface:
    """Bound to the one door that its tunnels come by; where there are several, routes choose among them."""
    parent = next(iter(doors)) if len(doors) == 1 else None
    return Interface(inside(vrf), InterfaceKind.XFRM, vrf=vrf.name, parent=parent, if_id=vrf.if_id)
