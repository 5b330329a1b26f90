"""Pools of inner addresses: within their prefix, and apart from all else in their VPN."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from ipaddress import IPv4Network, summarize_address_range

from offnet.intent.document import KeyPath
from offnet.intent.finding import Finding
from offnet.intent.remote_access import Pool
from offnet.intent.rules.names import one_of
from offnet.intent.rules.segments import UNICAST, Segment, is_unicast, overlaps
from offnet.intent.salvage import Scope

_HOST = 32
_NO_EDGES = 31  # prefixes of this length and longer have neither network nor broadcast address


def within_prefix(scope: Scope) -> Iterator[Finding]:
    """A pool is not larger than its prefix, and gives out addresses that hosts may have."""
    for name, pool in scope.intent.pools.items():
        hosts = _hosts(pool)
        if not is_unicast(pool.prefix):
            yield Finding(("pools", name, "prefix"), UNICAST)
            continue
        for key, address in (("first", pool.first), ("last", pool.last)):
            if not hosts[0] <= int(address) <= hosts[1]:
                expected = f"a host of {pool.prefix}: a pool is not larger than its prefix"
                yield Finding(("pools", name, key), expected, see=("pools", name, "prefix"))
        if pool.first > pool.last:
            yield Finding(("pools", name, "last"), f"an address that is not before the first, {pool.first}")


def _hosts(pool: Pool) -> tuple[int, int]:
    edge = 0 if pool.prefix.prefixlen >= _NO_EDGES else 1
    return int(pool.prefix.network_address) + edge, int(pool.prefix.broadcast_address) - edge


def of_one_group(scope: Scope) -> Iterator[Finding]:
    """A pool that a group names exists, and no other group has it."""
    owner: dict[str, str] = {}
    for name, group in scope.intent.groups.items():
        if group.pool is None:
            continue
        path = ("groups", name, "pool")
        if scope.lacks("pools", group.pool):
            yield Finding(path, one_of(group.pool, scope.intent.pools, "a pool of this lab"))
        other = owner.setdefault(group.pool, name)
        if other != name:
            yield Finding(path, f"a pool of its own, {other} has this one", see=("groups", other, "pool"))


def inner_addresses_apart(scope: Scope) -> Iterator[Finding]:
    """Pools, users' addresses and LANs of one VPN do not overlap; those of different VPNs may."""
    by_vpn: dict[str, list[Segment]] = defaultdict(list)
    for name, site in scope.intent.sites.items():
        by_vpn[site.vpn].append(Segment(site.lan, ("sites", name, "lan"), name))
    lans = {path for segments in by_vpn.values() for path in (segment.path for segment in segments)}
    for vpn, segment in _inner(scope):
        by_vpn[vpn].append(segment)
    told: set[tuple[KeyPath, KeyPath]] = set()
    for vpn, segments in by_vpn.items():
        for one, other in overlaps(segments):
            if {one.path, other.path} <= lans or (one.path, other.path) in told:
                continue  # LANs are judged as LANs
            told.add((one.path, other.path))
            expected = f"addresses apart from those of {other.owner} in the same VPN {vpn}"
            yield Finding(one.path, expected, see=other.path)


def _inner(scope: Scope) -> Iterator[tuple[str, Segment]]:
    """Every prefix that clients' addresses are in, with the VPN that their group leads to."""
    intent = scope.intent
    vpns = {group: profile.vrf for profile in intent.profiles.values() for group in profile.match.group}
    for name, group in intent.groups.items():
        pool = intent.pools.get(group.pool or "")
        if pool is not None and name in vpns and pool.first <= pool.last:
            for prefix in summarize_address_range(pool.first, pool.last):
                yield vpns[name], Segment(prefix, ("pools", str(group.pool), "first"), f"pool {group.pool}")
    for name, user in intent.users.items():
        if user.address is not None and user.group in vpns:
            prefix = IPv4Network((int(user.address), _HOST))
            yield vpns[user.group], Segment(prefix, ("users", name, "address"), name)
