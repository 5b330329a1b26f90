"""The legend below a topology picture."""

from __future__ import annotations

from offnet.network.model import Network
from offnet.picture.drawing import LINE, MARK, Mark, Path, Style, Text, text_width


class Legend:
    """One item a VPN, then the kinds of line; wraps at the picture's width."""

    def __init__(self, network: Network, left: float, top: float, right: float) -> None:
        self.items: list[Mark | Text] = []
        self.paths: list[Path] = []
        self._left, self._right = left, right
        self._x, self.bottom = left, top
        for index, vpn in enumerate(network.vpns):
            self._item(f"{vpn.name}, RD {vpn.rd}", mark=index)
        self._item("IPsec tunnel", kind="tunnel")
        self._item("circuit", kind="circuit")
        self._item(_core(network), kind="core")

    def _item(self, text: str, mark: int | None = None, kind: str = "", vpn: int | None = None) -> None:
        room = MARK if mark is not None else 40.0
        width = room + text_width(text, Style.NOTE)
        if self._x > self._left and self._x + width > self._right:
            self._x, self.bottom = self._left, self.bottom + LINE + 4
        if mark is not None:
            self.items.append(Mark(self._x + 5, self.bottom - 4, mark))
        else:
            points = ((self._x, self.bottom - 4), (self._x + 32, self.bottom - 4))
            self.paths.append(Path(points, kind, vpn))
        self.items.append(Text(self._x + room, self.bottom, text, Style.NOTE))
        self._x += width + 24


def _core(network: Network) -> str:
    """What runs on the lines between the provider's nodes."""
    if network.core_tunnels:
        return "MPLS in GRE in IPsec"
    return "MPLS" if any(node.default.ldp for node in network.nodes) else "802.1Q trunk"
