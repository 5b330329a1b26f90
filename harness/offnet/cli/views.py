"""What ``offnet show`` shows: for each topic the question, the columns and the learner's command."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from offnet.network.model import EdgeProtocol, Network, Node
from offnet.report.plain import plain

if TYPE_CHECKING:
    from offnet.observe.frr_model import BgpRoute, LabelEntry
    from offnet.observe.kernel_model import Hop, KernelRoute
    from offnet.observe.vici_model import IkeSa
    from offnet.runtime.base import RunningLab

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One table of one node. ``typed`` is what a learner would type there; ``state`` what was observed."""

    node: str
    title: str
    typed: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    state: tuple[Any, ...]

    def data(self) -> dict[str, Any]:
        """The table as plain data for JSON."""
        return {
            "node": self.node,
            "title": self.title,
            "command": self.typed,
            "entries": [plain(item) for item in self.state],
        }


IKE_COLUMNS = ("connection", "IKE", "peer", "identity", "IKE proposal")
CHILD_COLUMNS = ("SA", "VRF", "ESP", "SPI in", "SPI out", "selectors", "packets in/out")
View = Callable[["RunningLab", Node], Iterable[Table]]


def sas(lab: RunningLab, node: Node) -> Iterator[Table]:
    """The IKE_SAs and CHILD_SAs of a node with charon."""
    from offnet.observe.vici import Vici  # noqa: PLC0415 - keeps the start quick

    if node.ike is None:
        return
    with Vici(lab, node.name) as vici:
        yield sa_table(node, vici.list_sas())


def sa_table(node: Node, found: tuple[IkeSa, ...]) -> Table:
    """A node's SAs; each CHILD_SA has a row, with the VRF that its if_id stands for."""
    vrfs = {vrf.if_id: vrf.name for context in node.contexts for vrf in context.vrfs}
    columns = (*IKE_COLUMNS, *CHILD_COLUMNS)
    rows = tuple(row for sa in found for row in _sa_rows(sa, vrfs))
    return Table(node.name, "security associations", "swanctl --list-sas", columns, rows, found)


def _sa_rows(sa: IkeSa, vrfs: Mapping[int, str]) -> Iterator[Row]:
    algorithms = (sa.encryption, sa.integrity, sa.prf, sa.dh_group)
    ike = (
        sa.name,
        f"v{sa.version} {sa.state.lower()}",
        sa.remote_host,
        f"{sa.remote_id} ({sa.user})" if sa.user else sa.remote_id,
        "/".join(filter(None, algorithms)),
    )
    if not sa.children:
        yield (*ike, "none", *[""] * (len(CHILD_COLUMNS) - 1))
    for child in sa.children:
        yield (
            *ike,
            child.state.lower(),
            vrfs.get(child.if_id, child.if_id or "-"),
            "/".join(filter(None, (child.encryption, child.integrity))),
            f"{child.spi_in:08x}",
            f"{child.spi_out:08x}",
            f"{' '.join(child.local_ts)} = {' '.join(child.remote_ts)}",
            f"{child.packets_in}/{child.packets_out}",
        )


def routes(lab: RunningLab, node: Node) -> Iterator[Table]:
    """The kernel's routes: every VRF of a PE, otherwise the main table."""
    from offnet.observe import kernel  # noqa: PLC0415 - keeps the start quick
    from offnet.observe.kernel_model import MAIN_TABLE  # noqa: PLC0415 - as above
    from offnet.observe.question import ask  # noqa: PLC0415 - as above

    tables = {vrf.table: vrf.name for context in node.contexts for vrf in context.vrfs}
    found = ask(lab, node.name, kernel.ROUTES)
    for table, vrf in (tables or {MAIN_TABLE: ""}).items():
        state = tuple(r for r in found if r.table == table and r.kind in {"unicast", "unreachable"})
        typed = f"ip route show vrf {vrf}" if vrf else "ip route show"
        columns = ("prefix", "via", "interface", "labels", "protocol")
        rows = tuple(row for route in state for row in _route_rows(route))
        yield Table(node.name, f"routes of VRF {vrf}" if vrf else "routes", typed, columns, rows, state)


def _route_rows(route: KernelRoute) -> Iterator[Row]:
    if not route.hops:
        yield (route.prefix, route.kind, "", "", route.protocol)
    for hop in route.hops:
        yield (route.prefix, hop.via or "-", hop.interface or "-", _labels(hop), route.protocol)


def _labels(hop: Hop) -> str:
    return "/".join(map(str, hop.labels)) or "-"


def vpnv4(lab: RunningLab, node: Node) -> Iterator[Table]:
    """The VPNv4 routes of a PE: RD, prefix, next hop, VPN label, route targets."""
    from offnet.observe import frr  # noqa: PLC0415 - keeps the start quick
    from offnet.observe.question import ask  # noqa: PLC0415 - as above

    if not any(context.bgp for context in node.contexts):
        return
    found = ask(lab, node.name, frr.VPN_ROUTES)
    columns = ("RD", "prefix", "next hop", "label", "route targets", "best", "from")
    rows = tuple(_vpn_row(route) for route in found)
    yield Table(node.name, "VPNv4 routes", 'vtysh -c "show bgp ipv4 vpn"', columns, rows, found)


def _vpn_row(route: BgpRoute) -> Row:
    source = "here" if route.local else route.peer or "-"
    label = "-" if route.label is None else route.label
    targets = " ".join(route.route_targets)
    return (route.rd, route.prefix, route.next_hop, label, targets, "yes" if route.best else "no", source)


def labels(lab: RunningLab, node: Node) -> Iterator[Table]:
    """What a label switching router does with each label that arrives."""
    from offnet.observe import frr  # noqa: PLC0415 - keeps the start quick
    from offnet.observe.question import ask  # noqa: PLC0415 - as above

    if not any(context.ldp for context in node.contexts):
        return
    found = ask(lab, node.name, frr.MPLS_TABLE)
    columns = ("label in", "label out", "next hop", "interface or VRF", "protocol")
    rows = tuple(_label_row(entry) for entry in found)
    yield Table(node.name, "label table", 'vtysh -c "show mpls table"', columns, rows, found)


def _label_row(entry: LabelEntry) -> Row:
    out = "pop" if entry.pops else "/".join(map(str, entry.out_labels))
    return (entry.label, out, entry.next_hop or "-", entry.interface or "-", entry.protocol)


def neighbors(lab: RunningLab, node: Node) -> Iterator[Table]:
    """OSPF, LDP and MP-BGP neighbours of a router, and whom it knows by NHRP."""
    from offnet.observe import frr, nhrp  # noqa: PLC0415 - keeps the start quick
    from offnet.observe.question import ask  # noqa: PLC0415 - as above

    edges = [
        edge for context in node.contexts for edge in context.edges if edge.protocol is EdgeProtocol.OSPF
    ]
    asked = (
        ("OSPF", frr.OSPF_NEIGHBORS, node.default.ospf or any(edge.vrf is None for edge in edges)),
        ("VRF OSPF", frr.OSPF_VRF_NEIGHBORS, any(edge.vrf for edge in edges)),
        ("LDP", frr.LDP_NEIGHBORS, node.default.ldp),
        ("BGP", frr.VPN_PEERS, node.default.bgp),
    )
    for protocol, question, spoken in asked:
        if spoken:
            found: tuple[Any, ...] = ask(lab, node.name, question)
            rows = tuple(_neighbor_row(item) for item in found)
            title = f"{protocol} neighbours"
            yield Table(node.name, title, question.typed, ("neighbour", "state", "details"), rows, found)
    for context in (context for context in node.contexts if context.nhrp):
        known = nhrp.cache("" if context is node.default else context.name)
        entries = ask(lab, node.name, known)
        peers = tuple((one.address, one.nbma or "-", one.kind) for one in entries)
        title = f"NHRP peers ({context.name})"
        yield Table(node.name, title, known.typed, ("address", "NBMA address", "type"), peers, entries)


def _neighbor_row(item: Any) -> Row:
    data = plain(item)
    name = data.get("router_id") or data.get("address")
    details = " ".join(
        f"{key.replace('_', ' ')} {value}"
        for key, value in data.items()
        if key not in {"router_id", "state"} and value != name
    )
    return (name, data["state"], details)


VIEWS: Mapping[str, View] = {
    "sa": sas,
    "routes": routes,
    "vpnv4": vpnv4,
    "labels": labels,
    "neighbors": neighbors,
}


def tables(lab: RunningLab, network: Network, topic: str, node: str | None) -> tuple[Table, ...]:
    """The tables of a topic, of one node or of all, in the order of the network."""
    chosen = [network.node(node)] if node else network.nodes
    return tuple(table for item in chosen for table in VIEWS[topic](lab, item))
