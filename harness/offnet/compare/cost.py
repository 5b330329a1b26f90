"""What one site more costs a lab of some size, counted in its rendered files and its SAs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from offnet.compare.growth import NEW, Growth
from offnet.design import design
from offnet.network.model import Crypto, Network, Role
from offnet.render import render

SCAFFOLDING = (Role.INTERNET, Role.NAT)
"""Nodes that are nobody's to configure: another network's."""
SAS_PER_TUNNEL = 2


@dataclass(frozen=True, slots=True)
class Cost:
    """A lab with ``sites`` sites, and what adding one changes.

    ``routers``, ``files`` and ``lines`` are those of routers that were there before; ``own_lines`` is what
    the new site's own router is given. Tunnels are counted in the lab as it was, SAs one a direction.
    """

    sites: int
    routers: int
    files: int
    lines: int
    own_lines: int
    tunnels_per_site: int
    tunnels_at_busiest: int
    tunnels: int

    @property
    def sas_per_site(self) -> int:
        """IPsec SAs that a site's router holds."""
        return SAS_PER_TUNNEL * self.tunnels_per_site

    @property
    def sas(self) -> int:
        """IPsec SAs in all; both ends hold each of them."""
        return SAS_PER_TUNNEL * self.tunnels


def costs(growth: Growth, sizes: Sequence[int], crypto: Crypto | None = None) -> tuple[Cost, ...]:
    """The cost of a site more at each of these sizes; each size is rendered once."""
    made: dict[int, tuple[Network, dict[str, str]]] = {}
    for size in sorted({*sizes, *(size + 1 for size in sizes)}):
        network = design(growth.of(size), crypto)
        made[size] = network, render(network)
    return tuple(_cost(size, made[size], made[size + 1]) for size in sizes)


def _cost(size: int, before: tuple[Network, dict[str, str]], after: tuple[Network, dict[str, str]]) -> Cost:
    network, old = before
    _, new = after
    routers = {node.name for node in network.nodes if node.role not in SCAFFOLDING}
    there = {path for path in old.keys() | new.keys() if path.split("/")[0] in routers}
    changed = {path for path in there if old.get(path) != new.get(path)}
    own = f"{NEW}-{size}/"
    ends = Counter(end for tunnel in tunnels(network) for end in tunnel)
    return Cost(
        sites=size,
        routers=len({path.split("/")[0] for path in changed}),
        files=len(changed),
        lines=sum(_lines(old.get(path, ""), new.get(path, "")) for path in changed),
        own_lines=sum(text.count("\n") for path, text in new.items() if path.startswith(own)),
        tunnels_per_site=max(ends[f"{NEW}-{number}"] for number in range(size)),
        tunnels_at_busiest=max(ends.values()),
        tunnels=sum(ends.values()) // 2,
    )


def tunnels(network: Network) -> Iterator[tuple[str, str]]:
    """The two ends of every IPsec tunnel that a lab of this intent holds."""
    yield from ((site.node, tunnel.gateway) for site, tunnel in network.tunnels())
    for overlay in network.overlays:
        yield from ((tunnel.initiator, tunnel.responder) for tunnel in overlay.tunnels)


def _lines(old: str, new: str) -> int:
    """Lines removed and added."""
    before, after = Counter(old.splitlines()), Counter(new.splitlines())
    return (before - after).total() + (after - before).total()


def order(points: Sequence[tuple[int, int]]) -> str:
    """How values grow with the number of sites, from the two largest: O(1), O(N) or O(N²)."""
    distinct = sorted(set(points))
    if len(distinct) < 2:  # noqa: PLR2004 - two points make a line
        return ""
    (small, low), (large, high) = distinct[-2:]
    if not low or not high:
        return "O(1)"
    power = round(math.log(high / low) / math.log(large / small))
    return ("O(1)", "O(N)", "O(N²)")[min(max(power, 0), 2)]


def sample(first: int, last: int) -> tuple[int, ...]:
    """Sizes of a range that show its course: both ends, and the powers of two between them."""
    powers = (1 << power for power in range(first.bit_length(), last.bit_length()))
    return tuple(sorted({first, last, *(size for size in powers if first < size < last)}))
