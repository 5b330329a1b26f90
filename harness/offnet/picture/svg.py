"""Draws a network as one SVG picture, light or dark as the viewer prefers.

VPNs differ by colour, by the form of their mark and by the dashes of their tunnels, so that
the picture can be read without colour too.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from offnet.network.model import Network
from offnet.picture.drawing import FONT_SIZE, Drawing, Mark, Path, Rect, Shape, Style, Text
from offnet.picture.layout import layout

DASHES = ("7 4", "2 3.5", "12 4 2 4", "4 2", "9 3 2 3 2 3")
FORMS = ("circle", "square", "triangle", "diamond", "cross")
COLOURS = (
    ("#0063a8", "#6cb6ff"),
    ("#b84a00", "#f0a14a"),
    ("#00704f", "#4ecfa5"),
    ("#9c3d78", "#e79acb"),
    ("#6a5a00", "#d9c64a"),
    ("#5b4bb0", "#b3a6f7"),
)
"""One pair a VPN: on light ground, on dark ground. Six colours and five forms: thirty VPNs differ."""

_LIGHT = (
    "--bg:#ffffff;--zone:#f3f5f8;--edge:#d5dae2;--box:#ffffff;--line:#8a94a3;--ink:#1b2430;--soft:#55606f;"
)
_DARK = (
    "--bg:#12161c;--zone:#1a2028;--edge:#333c49;--box:#232b36;--line:#77828f;--ink:#e8ecf2;--soft:#aab4c1;"
)
_RULES = """
.topology text{font-family:system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;fill:var(--ink)}
.topology .t-name{font-weight:600}
.topology .t-address{font-family:ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;fill:var(--soft)}
.topology .t-note{fill:var(--soft)}
.topology .t-zone{font-weight:600;fill:var(--soft)}
.topology .s-ground{fill:var(--bg)}
.topology .s-zone{fill:var(--zone);stroke:var(--edge)}
.topology .s-node{fill:var(--box);stroke:var(--line)}
.topology .s-pe{stroke:var(--ink);stroke-width:1.6}
.topology .s-internet{fill:var(--zone);stroke:var(--line);stroke-dasharray:1 3;stroke-linecap:round}
.topology .s-vrf{fill:var(--zone);stroke:var(--edge)}
.topology path{fill:none}
.topology .p-core{stroke:var(--ink);stroke-width:3}
.topology .p-access{stroke:var(--edge);stroke-width:10;stroke-opacity:.75}
.topology .p-circuit,.topology .p-tunnel{stroke:var(--soft);stroke-width:2}
.topology .p-tunnel{stroke-dasharray:7 4}
.topology .m-capture{fill:none;stroke:var(--ink);stroke-width:1.6}
"""


def draw(network: Network) -> str:
    """The picture of a network as a whole SVG document; stands alone and inside a page."""
    return svg(layout(network))


def svg(drawing: Drawing) -> str:
    """A finished layout as SVG text."""
    size = {"width": _n(drawing.width), "height": _n(drawing.height)}
    box = f"0 0 {_n(drawing.width)} {_n(drawing.height)}"
    root = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "viewBox": box, **size})
    root.set("class", "topology")
    root.set("role", "img")
    ET.SubElement(root, "title").text = drawing.title
    ET.SubElement(root, "desc").text = drawing.description
    ET.SubElement(root, "style").text = _style()
    _rect(root, Rect(0, 0, drawing.width, drawing.height), "s-ground", 0)
    for zone in drawing.zones:
        _rect(root, zone.rect, "s-zone", 10)
    for path in drawing.paths:
        if path.kind == "access":
            _path(root, path)
    for shape in drawing.shapes:
        _shape(root, shape)
    for path in sorted(drawing.paths, key=lambda path: path.kind == "tunnel"):
        if path.kind == "access":
            continue
        _path(root, path)
    for mark in drawing.marks:
        _mark(root, mark)
    for text in drawing.texts:
        _text(root, text)
    ET.indent(root, " ")
    return ET.tostring(root, encoding="unicode") + "\n"


def _style() -> str:
    light = "".join(f"--v{i}:{colours[0]};" for i, colours in enumerate(COLOURS))
    dark = "".join(f"--v{i}:{colours[1]};" for i, colours in enumerate(COLOURS))
    return (
        f".topology{{{_LIGHT}{light}}}\n"
        f"@media (prefers-color-scheme:dark){{.topology{{{_DARK}{dark}}}}}\n"
        f"@media print{{.topology{{{_LIGHT}{light}}}}}{_RULES}"
    )


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _rect(root: ET.Element, rect: Rect, css: str, radius: float) -> None:
    place = {"x": _n(rect.x), "y": _n(rect.y), "width": _n(rect.width), "height": _n(rect.height)}
    ET.SubElement(root, "rect", {"class": css, "rx": _n(radius), **place})


def _shape(root: ET.Element, shape: Shape) -> None:
    if shape.kind == "vrf":
        _rect(root, shape.rect, "s-vrf", 4)
    else:
        _rect(root, shape.rect, f"s-node s-{shape.kind}", 7)


def _path(root: ET.Element, path: Path) -> None:
    element = ET.SubElement(root, "path", {"class": f"p-{path.kind}", "d": _d(path)})
    if path.width is not None:
        element.set("style", f"stroke-width:{_n(path.width)}")
    if path.vpn is not None:
        style = f"stroke:var(--v{path.vpn % len(COLOURS)})"
        if path.kind == "tunnel":
            style += f";stroke-dasharray:{DASHES[path.vpn % len(DASHES)]}"
        element.set("style", style)


def _d(path: Path) -> str:
    (x, y), *rest = path.points
    parts = [f"M{_n(x)} {_n(y)}"]
    for next_x, next_y in rest:
        if path.curved and next_y != y:
            middle = _n((x + next_x) / 2)
            parts.append(f"C{middle} {_n(y)} {middle} {_n(next_y)} {_n(next_x)} {_n(next_y)}")
        else:
            parts.append(f"L{_n(next_x)} {_n(next_y)}")
        x, y = next_x, next_y
    return "".join(parts)


def _mark(root: ET.Element, mark: Mark) -> None:
    x, y = mark.x, mark.y
    if mark.vpn is None:
        ET.SubElement(root, "circle", {"cx": _n(x), "cy": _n(y), "r": "5", "class": "m-capture"})
        ET.SubElement(root, "circle", {"cx": _n(x), "cy": _n(y), "r": "1", "class": "m-capture"})
        return
    corners = {
        "square": ((-4.5, -4.5), (4.5, -4.5), (4.5, 4.5), (-4.5, 4.5)),
        "triangle": ((0, -5.5), (5.5, 4.5), (-5.5, 4.5)),
        "diamond": ((0, -6), (6, 0), (0, 6), (-6, 0)),
        "cross": ((-5, -2), (-2, -2), (-2, -5), (2, -5), (2, -2), (5, -2), (5, 2), (2, 2), (2, 5), (-2, 5),
                  (-2, 2), (-5, 2)),
    }  # fmt: skip
    form = FORMS[mark.vpn % len(FORMS)]
    style = {"style": f"fill:var(--v{mark.vpn % len(COLOURS)})"}
    if form == "circle":
        ET.SubElement(root, "circle", {"cx": _n(x), "cy": _n(y), "r": "5", **style})
    else:
        points = " ".join(f"{_n(x + dx)},{_n(y + dy)}" for dx, dy in corners[form])
        ET.SubElement(root, "polygon", {"points": points, **style})


def _text(root: ET.Element, text: Text) -> None:
    place = {"x": _n(text.x), "y": _n(text.y), "font-size": _n(FONT_SIZE[Style(text.style)])}
    ET.SubElement(root, "text", {"class": f"t-{text.style}", **place}).text = text.text
