"""Who owns which route: an SA's end removes a route only if no other SA owns it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network

from .decision import Route

STATIC = 0  # the owner of static routes; charon's unique ids begin at 1
Key = tuple[int, IPv4Network]


@dataclass(frozen=True)
class Changes:
    """What to do in the kernel. ``replace`` is a prefix that moves to another interface."""

    add: tuple[Route, ...] = ()
    replace: tuple[Route, ...] = ()
    remove: tuple[Route, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.add or self.replace or self.remove)


class Ledger:
    """Owners of every prefix, in the order they came; the latest one's interface is the route's."""

    def __init__(self) -> None:
        self._owners: dict[Key, dict[int, Route]] = {}
        self._held: dict[int, tuple[Key, ...]] = {}

    def routes(self) -> frozenset[Route]:
        """The routes that should be in the kernel."""
        return frozenset(_latest(owners) for owners in self._owners.values())

    def update(self, gone: Iterable[int], came: Iterable[tuple[int, Iterable[Route]]]) -> Changes:
        """Owners go and come in one step; returns what changes by it, all told.

        A rekeying, where the new SA takes the old one's place, changes nothing.
        """
        arrived = [(owner, tuple(routes)) for owner, routes in came]
        departed = set(gone)
        keys = {_key(route) for _, routes in arrived for route in routes}
        keys |= {
            key for owner in departed | {owner for owner, _ in arrived} for key in self._held.get(owner, ())
        }
        before = {key: _latest(self._owners[key]) for key in keys if key in self._owners}
        for owner in departed:
            self._forget(owner)
        for owner, routes in arrived:
            self._forget(owner)
            self._record(owner, routes)
        after = {key: _latest(self._owners[key]) for key in keys if key in self._owners}
        return difference(before, after)

    def _record(self, owner: int, routes: tuple[Route, ...]) -> None:
        self._held[owner] = tuple(_key(route) for route in routes)
        for route in routes:
            self._owners.setdefault(_key(route), {})[owner] = route

    def _forget(self, owner: int) -> None:
        for key in self._held.pop(owner, ()):
            owners = self._owners[key]
            owners.pop(owner, None)
            if not owners:
                del self._owners[key]


def difference(before: dict[Key, Route], after: dict[Key, Route]) -> Changes:
    """What turns one set of routes into another."""
    return Changes(
        add=tuple(route for key, route in after.items() if key not in before),
        replace=tuple(route for key, route in after.items() if key in before and before[key] != route),
        remove=tuple(route for key, route in before.items() if key not in after),
    )


def _key(route: Route) -> Key:
    return route.table, route.prefix


def _latest(owners: dict[int, Route]) -> Route:
    return next(reversed(owners.values()))
