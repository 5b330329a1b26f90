"""The provider's core: loopbacks and links apart, all routers connected."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

from offnet.intent.finding import Finding
from offnet.intent.rules.names import one_of
from offnet.intent.rules.segments import Segment, overlaps
from offnet.intent.salvage import Scope

_POINT_TO_POINT = 31


def distinct_loopbacks(scope: Scope) -> Iterator[Finding]:
    """A loopback identifies its router in OSPF, LDP and BGP."""
    owner: dict[IPv4Address, str] = {}
    for name, router in scope.intent.provider.routers.items():
        other = owner.setdefault(router.loopback, name)
        if other != name:
            expected = f"an address of its own, {other} has this one"
            path = ("provider", "routers", name, "loopback")
            yield Finding(path, expected, see=("provider", "routers", other))


def links_join_routers(scope: Scope) -> Iterator[Finding]:
    """A core link joins two different routers of the provider."""
    routers = scope.intent.provider.routers
    for index, link in enumerate(scope.intent.provider.links):
        path = ("provider", "links", index)
        a, b = link.between
        if a == b:
            yield Finding(path, "two different routers")
        for end in dict.fromkeys(link.between):
            if scope.lacks("provider", "routers", end):
                yield Finding(path, one_of(end, routers, f"routers of this lab, {end} is none"))


def links_once(scope: Scope) -> Iterator[Finding]:
    """Two routers have one link: interfaces are named after the other end."""
    first: dict[frozenset[str], int] = {}
    for index, link in enumerate(scope.intent.provider.links):
        other = first.setdefault(frozenset(link.between), index)
        if other != index:
            path, see = ("provider", "links", index), ("provider", "links", other)
            yield Finding(path, "one link between two routers", see=see)


def link_subnets(scope: Scope) -> Iterator[Finding]:
    """A subnet written for a link is a /31 and no other link's."""
    segments = []
    for index, link in enumerate(scope.intent.provider.links):
        path = ("provider", "links", index, "subnet")
        if link.subnet is None:
            continue
        if link.subnet.prefixlen != _POINT_TO_POINT:
            yield Finding(path, "a /31, as all core links are point-to-point")
        segments.append(Segment(link.subnet, path, " and ".join(link.between)))
    for one, other in overlaps(segments):
        yield Finding(one.path, f"a subnet apart from {other}", see=other.path)


def pool_suffices(scope: Scope) -> Iterator[Finding]:
    """The pool has a /31 for every link that has no subnet of its own."""
    provider = scope.intent.provider
    wanted = sum(1 for link in provider.links if link.subnet is None)
    available = provider.link_pool.num_addresses // 2
    if wanted > available:
        expected = f"a pool of at least {wanted} subnets /31, one a link; this has {available}"
        yield Finding(("provider", "link_pool"), expected)


def core_connected(scope: Scope) -> Iterator[Finding]:
    """MP-BGP and LDP need a path between all routers."""
    if not scope.whole("provider", "routers") or not scope.whole("provider", "links"):
        return
    routers = scope.intent.provider.routers
    neighbours: dict[str, set[str]] = {name: set() for name in routers}
    for link in scope.intent.provider.links:
        a, b = link.between
        if a in neighbours and b in neighbours:
            neighbours[a].add(b)
            neighbours[b].add(a)
    start = next(iter(routers))
    reached, open_ = {start}, [start]
    while open_:
        new = neighbours[open_.pop()] - reached
        reached |= new
        open_.extend(new)
    apart = [name for name in routers if name not in reached]
    if apart:
        expected = f"links that connect all routers; no path from {start} to {', '.join(apart)}"
        yield Finding(("provider", "links"), expected)
