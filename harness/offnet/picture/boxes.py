"""What stands in the box of each node, and how large that makes it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from offnet.network.model import Network, Node, Role, Site
from offnet.picture.drawing import LINE, MARK, Mark, Rect, Shape, Style, Text, text_width

PADDING = 12.0
CHIP_HEIGHT = 24.0
CHIP_STEP = 29.0
INSET = 6.0
INTERNET_HEADER = 2 * PADDING + 2 * LINE
CAPTURE = "capture point"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a box; it starts with the mark of its VPN, or of the capture point."""

    text: str
    style: Style
    vpn: int | None = None
    capture: bool = False

    @property
    def marked(self) -> bool:
        """Whether it starts with a mark."""
        return self.vpn is not None or self.capture

    @property
    def width(self) -> float:
        """The room it takes, mark included."""
        return text_width(self.text, self.style) + (MARK if self.marked else 0)


@dataclass(frozen=True, slots=True)
class Content:
    """What a node's box says: lines on top, then one chip a VRF."""

    node: str
    role: Role
    lines: tuple[Line, ...]
    chips: tuple[Line, ...] = ()

    @property
    def width(self) -> float:
        """The width the box needs."""
        chips = (chip.width + 2 * PADDING for chip in self.chips)
        return max(*(line.width for line in self.lines), *chips, 60.0) + 2 * PADDING

    @property
    def height(self) -> float:
        """The height the box needs."""
        chips = len(self.chips) * CHIP_STEP + (4 if self.chips else 0)
        return 2 * PADDING - 6 + len(self.lines) * LINE + chips


@dataclass(frozen=True, slots=True)
class Placed:
    """A box that has its place."""

    content: Content
    rect: Rect

    def port(self, vpn: int | None) -> float:
        """The y where lines of that VPN end: its chip, or the middle of the box."""
        for index, chip in enumerate(self.content.chips):
            if chip.vpn == vpn and vpn is not None:
                return self._chip(index).middle
        return self.rect.middle

    def pipe(self) -> Rect:
        """The part of the box that tunnels enter by: all its chips, or a strip around its middle."""
        if not self.content.chips:
            return Rect(self.rect.x, self.rect.middle - 5, self.rect.width, 10)
        first, last = self._chip(0), self._chip(len(self.content.chips) - 1)
        return Rect(self.rect.x, first.y, self.rect.width, last.bottom - first.y)

    def _chip(self, index: int) -> Rect:
        top = self.rect.y + PADDING - 2 + len(self.content.lines) * LINE + 4 + index * CHIP_STEP
        return Rect(self.rect.x + INSET, top, self.rect.width - 2 * INSET, CHIP_HEIGHT)

    def draw(self) -> Iterator[Shape | Mark | Text]:
        """The box, its chips, their marks and texts."""
        yield Shape(self.rect, self.content.role.value)
        baseline = self.rect.y + PADDING + 10
        for line in self.content.lines:
            yield from _draw(line, self.rect.x + PADDING, baseline)
            baseline += LINE
        for index, chip in enumerate(self.content.chips):
            rect = self._chip(index)
            yield Shape(rect, "vrf")
            yield from _draw(chip, rect.x + PADDING - INSET, rect.middle + 4)


def _draw(line: Line, x: float, baseline: float) -> Iterator[Mark | Text]:
    if line.marked:
        yield Mark(x + 5, baseline - 4, line.vpn)
        x += MARK
    yield Text(x, baseline, line.text, line.style)


def contents(network: Network) -> dict[str, Content]:
    """The content of every node's box, by node name."""
    vpns = {vpn.name: index for index, vpn in enumerate(network.vpns)}
    sites: dict[str, list[Site]] = defaultdict(list)
    for site in network.sites:
        sites[site.node].append(site)
    gateways: dict[str, dict[str, None]] = defaultdict(dict)  # ordered, each address once
    for _, tunnel in network.tunnels():
        gateways[tunnel.gateway][str(tunnel.gateway_address)] = None
    return {
        node.name: _content(network, node, vpns, gateways[node.name], sites[node.name])
        for node in network.nodes
    }


def _content(
    network: Network, node: Node, vpns: dict[str, int], addresses: Iterable[str], sites: list[Site]
) -> Content:
    lines = [Line(node.name, Style.NAME)]
    if node.role in {Role.PE, Role.P}:
        lines.append(Line(f"lo {node.loopback}", Style.ADDRESS))
    lines += [Line(f"ike {address}", Style.ADDRESS) for address in addresses]
    for site in sites:
        lines += _site_lines(site, vpns)
    if node.authorities:
        lines += [Line(authority.name, Style.NOTE) for authority in node.authorities.authorities]
    if network.capture_point.partition(":")[0] == node.name:
        lines.append(Line(CAPTURE, Style.NOTE, capture=True))
    vrfs = [vrf for context in node.contexts for vrf in context.vrfs] if node.role is Role.PE else []
    chips = tuple(Line(f"{vrf.name} {vrf.rd}", Style.NOTE, vpns.get(vrf.name, 0)) for vrf in vrfs)
    return Content(node.name, node.role, tuple(lines), chips)


def _site_lines(site: Site, vpns: dict[str, int]) -> list[Line]:
    lines = [Line(site.vpn, Style.NOTE, vpns[site.vpn]), Line(f"lan {site.lan}", Style.ADDRESS)]
    if site.tunnel is not None:
        lines.append(Line(f"ike {site.tunnel.address}", Style.ADDRESS))
    return lines
