"""The shapes a topology picture is made of, and how much room a text takes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Style(StrEnum):
    """How a text looks; its size and widest average character decide the room it gets."""

    NAME = "name"
    ADDRESS = "address"
    NOTE = "note"
    ZONE = "zone"


FONT_SIZE = {Style.NAME: 14.0, Style.ADDRESS: 12.0, Style.NOTE: 12.0, Style.ZONE: 12.0}
CHARACTER = {Style.NAME: 0.66, Style.ADDRESS: 0.62, Style.NOTE: 0.6, Style.ZONE: 0.68}
LINE = 18.0
MARK = 16.0
"""Room that a VPN's mark takes in front of a text."""


def text_width(text: str, style: Style) -> float:
    """An upper bound of the width of a text in pixels, whatever font the viewer has."""
    return len(text) * FONT_SIZE[style] * CHARACTER[style]


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle; x and y are its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The x of the right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The y of the lower edge."""
        return self.y + self.height

    @property
    def center(self) -> float:
        """The x of the centre."""
        return self.x + self.width / 2

    @property
    def middle(self) -> float:
        """The y of the centre."""
        return self.y + self.height / 2

    def overlaps(self, other: Rect) -> bool:
        """Whether the two share any area."""
        return (
            self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom
        )

    def contains(self, other: Rect) -> bool:
        """Whether the other lies wholly inside this one."""
        return (
            self.x <= other.x
            and self.y <= other.y
            and other.right <= self.right
            and other.bottom <= self.bottom
        )


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text; y is its baseline, x its left end."""

    x: float
    y: float
    text: str
    style: Style

    @property
    def rect(self) -> Rect:
        """The room the text takes."""
        size = FONT_SIZE[self.style]
        return Rect(self.x, self.y - size * 0.8, text_width(self.text, self.style), size)


@dataclass(frozen=True, slots=True)
class Shape:
    """A rectangle that is drawn: a ``zone``, or a node by its role, or the chip of a VRF."""

    rect: Rect
    kind: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark centred on x and y: that of the VPN of this index, or of the capture point where None."""

    x: float
    y: float
    vpn: int | None


@dataclass(frozen=True, slots=True)
class Path:
    """A line through points; a curve that leaves and arrives horizontally where ``curved``.

    ``kind`` is ``core``, ``access``, ``circuit`` or ``tunnel``; ``vpn`` the index of the VPN it belongs to.
    ``width`` is set where the line is a pipe that tunnels run in.
    """

    points: tuple[tuple[float, float], ...]
    kind: str
    vpn: int | None = None
    curved: bool = True
    width: float | None = None


@dataclass(frozen=True, slots=True)
class Drawing:
    """A finished picture: everything has its place, nothing has its looks yet."""

    width: float
    height: float
    title: str
    description: str
    zones: tuple[Shape, ...]
    shapes: tuple[Shape, ...]
    paths: tuple[Path, ...]
    marks: tuple[Mark, ...]
    texts: tuple[Text, ...]
