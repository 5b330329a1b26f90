"""Draws what a site more costs: a curve a lab over the number of sites, light or dark as the viewer prefers.

Labs differ by colour and by dashes, and each curve bears its lab's name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from offnet.compare.cost import Cost, order
from offnet.picture.svg import COLOURS, DASHES

WIDTH, HEIGHT = 920.0, 360.0
TICKS = 4
STEPS = (1, 1.2, 1.6, 2, 2.4, 2.8, 3.2, 4, 6, 8, 10)  # a quarter of each is a short number
LABEL = 15.0
"""The least distance of two names at the ends of curves."""

Series = Mapping[str, Sequence[Cost]]
_RULES = """
.cost text{font-family:system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;fill:var(--ink)}
.cost text{font-size:12px}
.cost .title{font-weight:600;font-size:14px}
.cost .soft{fill:var(--soft)}
.cost .end{text-anchor:end}
.cost .middle{text-anchor:middle}
.cost .ground{fill:var(--bg)}
.cost .grid{stroke:var(--edge);stroke-width:1}
.cost polyline{fill:none;stroke-width:2.2}
"""


@dataclass(frozen=True, slots=True)
class _Panel:
    """One diagram: what it shows, and where its axes are."""

    title: str
    value: Callable[[Cost], int]
    left: float
    top: float = 70.0
    width: float = 280.0
    height: float = 230.0

    def x(self, sites: int, most: int) -> float:
        return self.left + self.width * sites / most

    def y(self, value: float, most: float) -> float:
        return self.top + self.height * (1 - value / most)


PANELS = (
    _Panel("Lines changed in other routers by one site more", lambda cost: cost.lines, 60.0),
    _Panel("Tunnels in all", lambda cost: cost.tunnels, 520.0),
)


def draw(found: Series) -> str:
    """The picture as a whole SVG document; stands alone and inside a page."""
    box = f"0 0 {_n(WIDTH)} {_n(HEIGHT)}"
    size = {"width": _n(WIDTH), "height": _n(HEIGHT)}
    root = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "viewBox": box, **size})
    root.set("class", "cost")
    root.set("role", "img")
    ET.SubElement(root, "title").text = f"What a site more costs: {', '.join(found)}"
    ET.SubElement(root, "desc").text = _description(found)
    ET.SubElement(root, "style").text = _style(len(found))
    ET.SubElement(root, "rect", {"class": "ground", "width": _n(WIDTH), "height": _n(HEIGHT)})
    for panel in PANELS:
        _panel(root, panel, found)
    ET.indent(root, " ")
    return ET.tostring(root, encoding="unicode") + "\n"


def _description(found: Series) -> str:
    last = {lab: series[-1] for lab, series in found.items() if series}
    return "; ".join(
        f"{lab} with {cost.sites} sites: {cost.lines} lines changed by one more, {cost.tunnels} tunnels"
        for lab, cost in last.items()
    )


def _style(labs: int) -> str:
    chosen = [COLOURS[index % len(COLOURS)] for index in range(labs)]
    light = "".join(f"--c{index}:{colours[0]};" for index, colours in enumerate(chosen))
    dark = "".join(f"--c{index}:{colours[1]};" for index, colours in enumerate(chosen))
    day = f".cost{{--bg:#ffffff;--edge:#d5dae2;--ink:#1b2430;--soft:#55606f;{light}}}"
    night = f".cost{{--bg:#12161c;--edge:#333c49;--ink:#e8ecf2;--soft:#aab4c1;{dark}}}"
    return f"{day}\n@media (prefers-color-scheme:dark){{{night}}}\n@media print{{{day}}}{_RULES}"


def _panel(root: ET.Element, panel: _Panel, found: Series) -> None:
    costs = [cost for series in found.values() for cost in series]
    most_sites = max(cost.sites for cost in costs)
    top = _round_up(max(panel.value(cost) for cost in costs))
    _text(root, panel.left - 40, panel.top - 34, panel.title, "title")
    for tick in range(TICKS + 1):
        value = top * tick / TICKS
        y = panel.y(value, top)
        ends = {"x1": _n(panel.left), "x2": _n(panel.left + panel.width), "y1": _n(y), "y2": _n(y)}
        ET.SubElement(root, "line", {"class": "grid", **ends})
        _text(root, panel.left - 8, y + 4, _n(value), "soft end")
    for sites in sorted({cost.sites for cost in costs}):
        if sites == most_sites or sites * 8 >= most_sites:
            _text(root, panel.x(sites, most_sites), panel.top + panel.height + 18, str(sites), "soft middle")
    _text(root, panel.left + panel.width / 2, panel.top + panel.height + 38, "sites", "soft middle")
    _curves(root, panel, found, most_sites, top)


def _curves(root: ET.Element, panel: _Panel, found: Series, most_sites: int, top: float) -> None:
    ends = []
    for index, (lab, series) in enumerate(found.items()):
        points = [(panel.x(c.sites, most_sites), panel.y(panel.value(c), top)) for c in series]
        colour = f"var(--c{index})"
        line = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        dashes = f";stroke-dasharray:{DASHES[index % len(DASHES)]}" if index else ""
        ET.SubElement(root, "polyline", {"points": line, "style": f"stroke:{colour}{dashes}"})
        for x, y in points:
            ET.SubElement(root, "circle", {"cx": _n(x), "cy": _n(y), "r": "3", "style": f"fill:{colour}"})
        growth = order([(cost.sites, panel.value(cost)) for cost in series])
        ends.append((points[-1][1], f"{lab} {growth}".strip(), points[-1][0]))
    lowest = math.inf
    for y, name, x in sorted(ends, reverse=True):  # from below upwards, so that no two names meet
        lowest = min(y + 4, lowest - LABEL)
        _text(root, x + 8, lowest, name, "")


def _round_up(value: int) -> float:
    """A round number that is not below, for the top of an axis."""
    power = float(f"1e{max(0, len(str(value)) - 1)}")
    return next(step * power for step in STEPS if step * power >= value)


def _text(root: ET.Element, x: float, y: float, text: str, css: str) -> None:
    place = {"x": _n(x), "y": _n(y)} | ({"class": css} if css else {})
    ET.SubElement(root, "text", place).text = text


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
