"""Finds the way of every line of a topology picture: links, circuits and tunnels."""

from __future__ import annotations

from collections.abc import Iterator

from offnet.network.model import Network, Node, Role
from offnet.picture.boxes import INSET, INTERNET_HEADER, Placed
from offnet.picture.drawing import Path, Rect

GAP = 56.0
"""The room between two columns, which only lines may cross."""
LANE = 9.0


def neighbors(network: Network, name: str) -> Iterator[str]:
    """The nodes at the other end of each link of a node."""
    for link in network.links:
        if link.a.node == name:
            yield link.b.node
        if link.b.node == name:
            yield link.a.node


class Router:
    """Finds the way of every line; ``lanes`` counts the lanes below the columns that it took."""

    def __init__(
        self, network: Network, columns: dict[int, list[str]], placed: dict[str, Placed], bottom: float
    ) -> None:
        self._network = network
        self._placed = placed
        self._bottom = bottom
        self._column = {name: column for column, names in columns.items() for name in names}
        self._ordered = {name: (c, names.index(name)) for c, names in columns.items() for name in names}
        self._vpns = {vpn.name: index for index, vpn in enumerate(network.vpns)}
        self._vpn_of = {site.node: self._vpns[site.vpn] for site in network.sites}
        self._lane: dict[tuple[str, int | None], int] = {}

    @property
    def lanes(self) -> int:
        """How many lanes are in use."""
        return len(self._lane)

    def paths(self) -> Iterator[Path]:
        """Links first, those of the core that are tunnels between PEs included; sites' tunnels on top."""
        for link in self._network.links:
            yield self._link(link.a.node, link.b.node)
        for tunnel in self._network.core_tunnels:
            yield self._link(tunnel.a.node, tunnel.b.node)
        yield from self._tunnels()

    def _link(self, one: str, other: str) -> Path:
        left, right = sorted((one, other), key=lambda name: self._ordered[name])
        kind, vpn = self._kind(self._network.node(left), self._network.node(right))
        a, b = self._placed[left], self._placed[right]
        start, end = self._ports(a, b, vpn)
        width = b.pipe().height if kind == "access" else None
        apart = self._column[right] - self._column[left]
        if apart == 0:
            beyond = self._ordered[right][1] - self._ordered[left][1] - 1
            bulge = a.rect.right + GAP / 3 + beyond * LANE
            points = ((a.rect.right, start), (bulge, start), (bulge, end), (b.rect.right, end))
            return Path(points, kind, vpn, curved=False)
        if apart > 1:
            return Path(self._detour(a, b, start, end, vpn), kind, vpn, curved=False)
        return Path(((a.rect.right, start), (b.rect.x, end)), kind, vpn, width=width)

    def _kind(self, left: Node, right: Node) -> tuple[str, int | None]:
        roles = {left.role, right.role}
        if Role.CE in roles:
            site = left if left.role is Role.CE else right
            return "circuit", self._vpn_of.get(site.name)
        return ("core", None) if roles <= {Role.PE, Role.P, Role.SWITCH} else ("access", None)

    def _ports(self, a: Placed, b: Placed, vpn: int | None) -> tuple[float, float]:
        """Where a line leaves a and enters b; the Internet has its port opposite to the other end."""
        start, end = a.port(vpn), b.port(vpn)
        if a.content.role is Role.INTERNET:
            end = b.pipe().middle
            start = _clamp(end, a.rect)
        if b.content.role is Role.INTERNET:
            end = _clamp(start, b.rect)
        return start, end

    def _detour(
        self, a: Placed, b: Placed, start: float, end: float, vpn: int | None
    ) -> tuple[tuple[float, float], ...]:
        """Down the gap right of a, along a lane below all columns, up the gap left of b."""
        lane = self._lane.setdefault((a.content.node, vpn), len(self._lane))
        down = a.rect.right + 12 + lane % 7 * 4
        up = b.rect.x - 12 - lane % 7 * 4
        y = self._bottom + lane * LANE
        return (a.rect.right, start), (down, start), (down, y), (up, y), (up, end), (b.rect.x, end)

    def _tunnels(self) -> Iterator[Path]:
        ends = [(site.node, t.gateway, self._vpns[site.vpn]) for site, t in self._network.tunnels()]
        ends.sort(key=lambda item: self._placed[item[0]].rect.y)
        for index, (spoke, gateway, vpn) in enumerate(ends):
            twins = [i for i, (_, g, v) in enumerate(ends) if (g, v) == (gateway, vpn)]
            shift = _spread(twins.index(index), len(twins))
            yield self._tunnel(self._placed[spoke], self._placed[gateway], vpn, shift)

    def _tunnel(self, spoke: Placed, gateway: Placed, vpn: int, shift: float) -> Path:
        end = (gateway.rect.x + INSET, gateway.port(vpn) + shift)
        start = (spoke.rect.right, spoke.rect.middle)
        internet = self._internet_of(spoke.content.node)
        if internet is None:
            return Path((start, end), "tunnel", vpn)
        inside, outside = _clamp(start[1], internet.rect), _clamp(end[1], internet.rect)
        through = ((internet.rect.x, inside), (internet.rect.right, outside))
        return Path((start, *through, end), "tunnel", vpn)

    def _internet_of(self, spoke: str) -> Placed | None:
        for neighbor in neighbors(self._network, spoke):
            if self._placed[neighbor].content.role is Role.INTERNET:
                return self._placed[neighbor]
        return None


def _clamp(y: float, rect: Rect) -> float:
    """The height nearest to y at which a line may cross the Internet's box, below its texts."""
    return min(max(y, rect.y + INTERNET_HEADER), rect.bottom - 6)


def _spread(index: int, count: int) -> float:
    """The offset of one of several tunnels that end on the same chip."""
    return (index - (count - 1) / 2) * min(5.0, 18.0 / count)
