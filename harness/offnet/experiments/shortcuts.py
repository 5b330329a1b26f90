"""Spokes of a cloud that send to each other until they do so directly, each by its own SA."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations

from offnet.errors import DeadlineExpired
from offnet.experiments.bench import Bench, gather
from offnet.experiments.wire import wire_capture
from offnet.network.model import Cloud, Network, Site
from offnet.observe.errors import CommandRefused
from offnet.observe.places import vtysh
from offnet.observe.vici_model import IkeSa
from offnet.wait import Deadline, until

INITIAL_TTL = 64  # of what Linux sends; each router takes one
DEADLINE = 20.0
PAUSE = 0.2
_TTL = re.compile(r"\bttl=(\d+)")


@dataclass(frozen=True, slots=True)
class Shortcut:
    """Two spokes that sent to each other: the TTLs of the replies that each got, one after the other.

    ``seconds`` is how long it took until both got replies that no router had forwarded, None if they never
    did. ``sas`` are the SAs between them, by spoke.
    """

    ttls: dict[str, tuple[int, ...]]
    seconds: float | None
    sas: dict[str, tuple[IkeSa, ...]]


def with_shortcuts(network: Network) -> Iterator[Cloud]:
    """The clouds whose spokes find each other."""
    return (cloud for cloud in network.clouds if cloud.nhrp.shortcuts)


def pairs(network: Network) -> tuple[tuple[str, str], ...]:
    """Every two spokes that a shortcut leads between."""
    return tuple(pair for cloud in with_shortcuts(network) for pair in combinations(cloud.spokes, 2))


def cloud_between(network: Network, one: Site, other: Site) -> Cloud | None:
    """The cloud that both sites are spokes of."""
    names = {one.name, other.name}
    return next((cloud for cloud in network.clouds if names <= {*cloud.spokes}), None)


def direct(network: Network, one: Site, other: Site) -> bool:
    """Whether two sites send to each other by a shortcut."""
    cloud = cloud_between(network, one, other)
    return cloud is not None and cloud.nhrp.shortcuts


def shortcuts(bench: Bench) -> dict[tuple[str, str], Shortcut]:
    """Every two spokes of a cloud send to each other, both at once, until the shortcut is there."""
    bench.once(wire_capture)
    return {pair: _shortcut(bench, *pair) for pair in pairs(bench.network)}


def _shortcut(bench: Bench, one: str, other: str) -> Shortcut:
    sites = {name: bench.network.site(name) for name in (one, other)}
    ttls: dict[str, list[int]] = {one: [], other: []}
    began, took, limit = time.monotonic(), None, Deadline(DEADLINE)

    def both_direct() -> bool:
        found = gather(ttls, lambda name: _ttl(bench, sites[name], sites[other if name == one else one]))
        for name, ttl in found.items():
            ttls[name] += [] if ttl is None else [ttl]
        return all(ttl == INITIAL_TTL for ttl in found.values())

    with suppress(DeadlineExpired):  # what was seen is for the judge
        until(both_direct, what=f"a shortcut of {one} and {other}", deadline=limit, interval=PAUSE)
        took = time.monotonic() - began
    return Shortcut({name: tuple(seen) for name, seen in ttls.items()}, took, _settled(bench, sites, limit))


def _settled(bench: Bench, sites: dict[str, Site], limit: Deadline) -> dict[str, tuple[IkeSa, ...]]:
    """The SAs between two spokes, by spoke, once both hold the same: each may have begun with its own."""
    one, other = sites
    seen: dict[str, tuple[IkeSa, ...]] = {}

    def same() -> bool:
        for name, peer in ((one, other), (other, one)):
            seen[name] = between(bench, sites[name], sites[peer])
        return bool(shared(seen[one], seen[other]))

    with suppress(DeadlineExpired):  # as above
        until(same, what=f"an SA that both {one} and {other} have", deadline=limit, interval=PAUSE)
    return seen


def shared(own: tuple[IkeSa, ...], others: tuple[IkeSa, ...]) -> set[tuple[int, int]]:
    """The IPsec SAs, by the SPIs of the first peer, in and out, that two peers both have."""
    mirrored = {(child.spi_out, child.spi_in) for sa in others for child in sa.current_children}
    return mirrored & {(child.spi_in, child.spi_out) for sa in own for child in sa.current_children}


def _ttl(bench: Bench, source: Site, target: Site) -> int | None:
    """The TTL of one reply, None if there is none."""
    argv = ["ping", "-c", "1", "-W", "1", "-I", str(source.host), str(target.host)]
    found = _TTL.search(bench.lab.run(source.node, argv, timeout=10, check=False).stdout)
    return int(found[1]) if found else None


def between(bench: Bench, own: Site, other: Site) -> tuple[IkeSa, ...]:
    """The SAs that a spoke has with another one."""
    cloud, peer = cloud_between(bench.network, own, other), other.tunnel
    if cloud is None or peer is None:
        return ()
    held = bench.vici(own.node).list_sas(cloud.name)
    return tuple(sa for sa in held if sa.current_children and sa.remote_id == peer.identity)


def forget(bench: Bench, cloud: Cloud) -> None:
    """No spoke of a cloud knows another one, and no SA is left between any two."""
    for name in cloud.spokes:
        bench.lab.run(name, vtysh(name, "clear ip nhrp cache", "clear ip nhrp shortcut"))
        with suppress(CommandRefused):  # there may be none
            bench.vici(name).terminate(ike=cloud.name, force=True, timeout=2)
