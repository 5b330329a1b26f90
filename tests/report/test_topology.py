"""The picture of a topology: nothing overlaps, nothing is missing, and it is sound XML."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations, pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offnet import intent, resources
from offnet.design import design
from offnet.network.model import Crypto, Network, Role
from offnet.picture.drawing import Drawing, Path, Rect
from offnet.picture.layout import layout
from offnet.picture.svg import draw

Make = Callable[..., Network]
SIZES = st.fixed_dictionaries(
    {
        "spokes": st.integers(1, 14),
        "circuits": st.integers(0, 8),
        "transit": st.integers(0, 4),
        "gateways": st.integers(1, 3),
        "pes": st.integers(0, 3),
        "vpns": st.integers(1, 6),
    }
)


def test_every_node_is_named_once(make_network: Make) -> None:
    network = make_network()
    texts = [text.text for text in layout(network).texts]
    assert [texts.count(node.name) for node in network.nodes] == [1] * len(network.nodes)


@pytest.mark.parametrize("crypto", list(Crypto), ids=str)
@pytest.mark.parametrize("lab", sorted(path.parent.name for path in resources.labs().glob("*/lab.yml")))
def test_every_node_of_a_lab_is_drawn(lab: str, crypto: Crypto) -> None:
    """Those without a link, too: the node that plays the certification authorities has none."""
    network = design(intent.load(resources.labs() / lab), crypto)
    drawing = layout(network)
    texts = [text.text for text in drawing.texts]
    assert [texts.count(node.name) for node in network.nodes] == [1] * len(network.nodes)
    for ca in network.role(Role.CA):
        assert ca.authorities is not None
        assert {one.name for one in ca.authorities.authorities} <= set(texts)
    boxes = [shape.rect for shape in drawing.shapes if shape.kind != "vrf"]
    assert not [(a, b) for a, b in combinations(boxes, 2) if a.overlaps(b)]
    assert not list(_crossed(drawing))


def test_one_dashed_tunnel_per_off_net_site(make_network: Make) -> None:
    network = make_network(spokes=5)
    tunnels = [path for path in layout(network).paths if path.kind == "tunnel" and path.vpn is not None]
    assert len(tunnels) == 5


def test_capture_point_is_marked(make_network: Make) -> None:
    assert "capture point" in [text.text for text in layout(make_network()).texts]


def test_same_network_same_picture(make_network: Make) -> None:
    assert draw(make_network()) == draw(make_network())


def test_markup_in_a_title_is_escaped(make_network: Make) -> None:
    root = ET.fromstring(draw(make_network()))  # noqa: S314 - our own output
    assert root.findtext("{http://www.w3.org/2000/svg}title") == "An example of <markup> & more"


@settings(max_examples=25, deadline=None)
@given(SIZES)
def test_nothing_overlaps(make_network: Make, size: dict[str, int]) -> None:
    drawing = layout(make_network(**size))
    boxes = [shape for shape in drawing.shapes if shape.kind != "vrf"]
    for a, b in combinations(boxes, 2):
        assert not a.rect.overlaps(b.rect), (a, b)
    texts = [(text.rect, text.text) for text in drawing.texts]
    for (one, name), (other, other_name) in combinations(texts, 2):
        assert not one.overlaps(other), (name, other_name)
    canvas = Rect(0, 0, drawing.width, drawing.height)
    rects = [shape.rect for shape in (*boxes, *drawing.zones)] + [rect for rect, _ in texts]
    assert all(canvas.contains(rect) for rect in rects)


@settings(max_examples=25, deadline=None)
@given(SIZES)
def test_no_line_runs_through_a_text(make_network: Make, size: dict[str, int]) -> None:
    drawing = layout(make_network(**size))
    texts = [(text.rect, text.text) for text in drawing.texts]
    for path in drawing.paths:
        for x, y in _points(path):
            point = Rect(x, y, 0.1, 0.1)
            hit = [text for rect, text in texts if rect.overlaps(point)]
            assert not hit, (path, hit)


@settings(max_examples=15, deadline=None)
@given(SIZES)
def test_lines_enter_only_the_boxes_they_end_in_and_the_internet(
    make_network: Make, size: dict[str, int]
) -> None:
    assert not list(_crossed(layout(make_network(**size))))


def _crossed(drawing: Drawing) -> Iterator[tuple[Path, Rect]]:
    """Lines with the boxes that they run through and do not end in."""
    solid = [shape.rect for shape in drawing.shapes if shape.kind not in {"vrf", "internet"}]
    for path in drawing.paths:
        ends = [rect for rect in solid if any(_touches(rect, p) for p in (path.points[0], path.points[-1]))]
        for x, y in _points(path):
            inside = [rect for rect in solid if rect not in ends and rect.overlaps(Rect(x, y, 0.1, 0.1))]
            yield from ((path, rect) for rect in inside)


def _touches(rect: Rect, point: tuple[float, float]) -> bool:
    return Rect(rect.x - 1, rect.y - 1, rect.width + 2, rect.height + 2).overlaps(Rect(*point, 0.1, 0.1))


def _points(path: Path, steps: int = 12) -> list[tuple[float, float]]:
    """Points along a path, as it is drawn."""
    found = []
    for (x, y), (to_x, to_y) in pairwise(path.points):
        middle = (x + to_x) / 2
        for step in range(steps + 1):
            t = step / steps
            if path.curved:
                bx = (
                    (1 - t) ** 3 * x
                    + 3 * (1 - t) ** 2 * t * middle
                    + 3 * (1 - t) * t**2 * middle
                    + t**3 * to_x
                )
                by = (1 - t) ** 3 * y + 3 * (1 - t) ** 2 * t * y + 3 * (1 - t) * t**2 * to_y + t**3 * to_y
            else:
                bx, by = x + (to_x - x) * t, y + (to_y - y) * t
            found.append((bx, by))
    return found


def test_large_networks_stay_within_reason(make_network: Make) -> None:
    drawing: Drawing = layout(make_network(spokes=20, circuits=6, transit=2, pes=2))
    assert drawing.width < 1600
