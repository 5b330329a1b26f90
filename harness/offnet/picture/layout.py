"""Places a network on paper, left to right: off-net sites, Internet, provider, on-net sites.

Nodes stand in columns, so that every line runs through the gaps between columns or through
the lanes below them, and never through a box or a text. The provider's columns follow the
distance from the aggregators.
"""

from __future__ import annotations

from collections import defaultdict

from offnet.network.model import Network, Role
from offnet.picture.boxes import INTERNET_HEADER, Content, Placed, contents
from offnet.picture.drawing import LINE, Drawing, Mark, Rect, Shape, Style, Text, text_width
from offnet.picture.legend import Legend
from offnet.picture.routes import GAP, LANE, Router, neighbors

MARGIN = 16.0
STACK = 16.0
TITLE = 34.0
OFF_NET, INTERNET, EDGE = 0, 1, 2
OUTSIDE = frozenset({Role.SPOKE, Role.CLIENT, Role.NAT})

Columns = dict[int, list[str]]


def layout(network: Network) -> Drawing:
    """The picture of a network; the same network gives the same picture."""
    boxes = contents(network)
    columns = _columns(network)
    placed = _place(network, columns, boxes)
    bottom = max(box.rect.bottom for box in placed.values()) + MARGIN
    router = Router(network, columns, placed, bottom)
    paths = tuple(router.paths())
    bottom += router.lanes * LANE
    zones, titles = _zones(network, columns, placed, bottom)
    right = zones[-1].rect.right
    legend = Legend(network, MARGIN, bottom + 30, right)
    drawn = [item for box in placed.values() for item in box.draw()] + [*legend.items]
    return Drawing(
        width=right + MARGIN,
        height=legend.bottom + MARGIN,
        title=network.title,
        description=_describe(network),
        zones=tuple(zones),
        shapes=tuple(item for item in drawn if isinstance(item, Shape)),
        paths=(*paths, *legend.paths),
        marks=tuple(item for item in drawn if isinstance(item, Mark)),
        texts=(*titles, *(item for item in drawn if isinstance(item, Text))),
    )


def places(network: Network) -> dict[str, Rect]:
    """Where each node's box stands in the picture."""
    placed = _place(network, _columns(network), contents(network))
    return {name: box.rect for name, box in placed.items()}


def _columns(network: Network) -> Columns:
    """Which nodes stand in which column, from left to right and top to bottom."""
    columns: Columns = defaultdict(list)
    order = _site_order(network)
    for node in sorted(network.nodes, key=lambda node: order.get(node.name, 0)):
        if node.role in {*OUTSIDE, Role.INTERNET}:
            columns[OFF_NET if node.role in OUTSIDE else INTERNET].append(node.name)
    depth = _depth(network)
    for name, distance in depth.items():
        columns[EDGE + distance].append(name)
        columns[EDGE + distance] += [peer for peer in neighbors(network, name) if _is_aaa(network, peer)]
    # Who certifies has no link: certificates travel in volumes.
    columns[EDGE] += [node.name for node in network.role(Role.CA)]
    on_net = EDGE + max(depth.values(), default=-1) + 1
    for switch in network.role(Role.SWITCH):
        columns[on_net].append(switch.name)
    on_net += on_net in columns
    for node in sorted(network.role(Role.CE), key=lambda node: order.get(node.name, 0)):
        columns[on_net].append(node.name)
    return dict(sorted(columns.items()))


def _is_aaa(network: Network, name: str) -> bool:
    return network.node(name).role is Role.AAA


def _site_order(network: Network) -> dict[str, int]:
    """Sites in the order of their PE and VPN, so that their lines do not cross."""
    nodes = [node.name for node in network.nodes]
    vpns = [vpn.name for vpn in network.vpns]
    sites = sorted(network.sites, key=lambda site: (nodes.index(site.pe), vpns.index(site.vpn)))
    return {site.node: index for index, site in enumerate(sites)}


def _depth(network: Network) -> dict[str, int]:
    """How many columns each provider router stands from the aggregators; the other PEs come last."""
    routers = {node.name: node for node in network.role(Role.PE, Role.P)}
    edge = [name for name in routers if _faces_internet(network, name)] or list(routers)[:1]
    depth = dict.fromkeys(edge, 0)
    queue = list(edge)
    while queue:
        name = queue.pop(0)
        for neighbor in neighbors(network, name):
            if neighbor in routers and neighbor not in depth:
                depth[neighbor] = depth[name] + 1
                queue.append(neighbor)
    last = max((depth.get(name, 1) for name in routers if name not in edge), default=0)
    far = {name for name, node in routers.items() if name not in edge and node.role is Role.PE}
    inner = {depth.get(name, 1) for name in routers if name not in edge and name not in far}
    last = max(last, *(distance + 1 for distance in inner), 0) if far else last
    return {name: last if name in far else depth.get(name, 1) for name in routers}


def _faces_internet(network: Network, name: str) -> bool:
    internet = {node.name for node in network.role(Role.INTERNET)}
    gateways = {tunnel.gateway for _, tunnel in network.tunnels()}
    return name in gateways or bool(internet.intersection(neighbors(network, name)))


def _place(network: Network, columns: Columns, boxes: dict[str, Content]) -> dict[str, Placed]:
    """Columns side by side, each centred on a common height; the Internet takes the whole height."""
    heights = {c: sum(boxes[n].height + STACK for n in names) - STACK for c, names in columns.items()}
    room = max((h for c, h in heights.items() if c != INTERNET), default=0.0)
    room = max(room, (INTERNET_HEADER + STACK) * len(columns.get(INTERNET, ())))
    top = MARGIN + TITLE + INTERNET_HEADER - LINE
    placed: dict[str, Placed] = {}
    x, zone, room_of_title = 2 * MARGIN, "", 0.0
    for column, names in columns.items():
        if zone != _zone(network, names[0]):
            zone, x = _zone(network, names[0]), max(x, room_of_title)
            room_of_title = x + _title_room(zone) + GAP - 2 * MARGIN
        width = max(boxes[name].width for name in names)
        y = top + (room - heights[column]) / 2
        step = (room + top - MARGIN - TITLE + STACK) / len(names)
        for index, name in enumerate(names):
            rect = Rect(x, y, width, boxes[name].height)
            if column == INTERNET:
                rect = Rect(x, MARGIN + TITLE + index * step, width, step - STACK)
            placed[name] = Placed(boxes[name], rect)
            y += boxes[name].height + STACK
        x += width + GAP
    return placed


def _zones(
    network: Network, columns: Columns, placed: dict[str, Placed], bottom: float
) -> tuple[list[Shape], list[Text]]:
    """The four parts of the picture, each a titled band behind its columns."""
    members: dict[str, list[Rect]] = defaultdict(list)
    for names in columns.values():
        members[_zone(network, names[0])] += [placed[name].rect for name in names]
    zones: list[Shape] = []
    titles: list[Text] = []
    for title, rects in members.items():
        left = min(rect.x for rect in rects) - MARGIN
        width = max(max(rect.right for rect in rects) + MARGIN - left, _title_room(title))
        zones.append(Shape(Rect(left, MARGIN, width, bottom - MARGIN), "zone"))
        titles.append(Text(left + MARGIN / 2, MARGIN + 20, title, Style.ZONE))
    return zones, titles


def _zone(network: Network, node: str) -> str:
    """The title of the part of the picture that a node stands in."""
    titles = dict.fromkeys(OUTSIDE, "Off-net sites") | {Role.INTERNET: "Internet", Role.CE: "On-net sites"}
    titles[Role.SWITCH] = "Layer 2 network"
    core = "MPLS core" if any(router.default.ldp for router in network.role(Role.PE)) else "no core"
    return titles.get(network.node(node).role, f"Provider AS {network.asn}, {core}")


def _title_room(title: str) -> float:
    return text_width(title, Style.ZONE) + MARGIN


def _describe(network: Network) -> str:
    off_net = [site.name for site, _ in network.tunnels()]
    on_net = [site.name for site in network.sites if site.tunnel is None]
    return (
        f"{len(network.vpns)} VPNs of AS {network.asn}; off-net sites {', '.join(off_net)} reach their VRF "
        f"through IPsec; on-net sites {', '.join(on_net)} by a circuit."
    )
