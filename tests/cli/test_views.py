"""What ``offnet show`` makes of recorded answers of the real daemons."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from offnet import intent, resources
from offnet.cli import views
from offnet.design import design
from offnet.host.base import Completed
from offnet.network.model import Crypto, Network
from offnet.observe import frr, kernel, vici_parse
from offnet.observe.question import Question

RECORDED = Path(__file__).parents[1] / "observe" / "recorded" / "modern"
QUESTIONS: tuple[Question[Any], ...] = (kernel.ROUTES, frr.VPN_ROUTES, frr.MPLS_TABLE, frr.OSPF_NEIGHBORS,
                                        frr.LDP_NEIGHBORS, frr.VPN_PEERS)  # fmt: skip


class RecordedLab:
    """Answers the questions of the views with what was recorded."""

    def run(self, node: str, argv: Sequence[str], *, input: bytes = b"", **_: Any) -> Completed:  # noqa: A002 - as RunningLab
        question = next(q for q in QUESTIONS if q.argv == tuple(argv) and q.input == input)
        file = RECORDED / f"{node}.{re.sub('[^a-z0-9]+', '-', question.name)}.txt"
        with file.open(encoding="utf-8", newline="") as recorded:
            return Completed(" ".join(argv), 0, recorded.read(), "")


@pytest.fixture(scope="module")
def network() -> Network:
    return design(intent.load(resources.labs() / "single-ip"), Crypto.MODERN)


def _shown(network: Network, topic: str, node: str) -> tuple[views.Table, ...]:
    return views.tables(RecordedLab(), network, topic, node)  # type: ignore[arg-type]  # run() is all they need


def _cells(table: views.Table, column: str) -> list[str]:
    return [str(row[table.columns.index(column)]) for row in table.rows]


def test_routes_of_each_vrf_with_the_command_to_type(network: Network) -> None:
    tables = _shown(network, "routes", "vpn-gw1-east")
    assert [table.typed for table in tables] == ["ip route show vrf vpn1", "ip route show vrf vpn2"]
    lans = [str(site.lan) for site in network.sites_of("vpn1")]
    assert set(lans) < set(_cells(tables[0], "prefix"))


def test_imposed_labels_are_shown(network: Network) -> None:
    (table, _) = _shown(network, "routes", "pe2")
    assert any("/" in labels for labels in _cells(table, "labels"))


def test_vpnv4_routes_name_their_rd(network: Network) -> None:
    (table,) = _shown(network, "vpnv4", "pe2")
    assert set(_cells(table, "RD")) == {vpn.rd for vpn in network.vpns}
    assert table.typed == 'vtysh -c "show bgp ipv4 vpn"'


def test_vpn_labels_end_in_a_vrf(network: Network) -> None:
    (table,) = _shown(network, "labels", "vpn-gw1-east")
    assert {vpn.name for vpn in network.vpns} < set(_cells(table, "interface or VRF"))
    assert "pop" in _cells(table, "label out")


def test_neighbors_of_three_protocols(network: Network) -> None:
    tables = _shown(network, "neighbors", "pe2")
    assert [table.title.split()[0] for table in tables] == ["OSPF", "LDP", "BGP"]
    assert [_cells(table, "state") for table in tables] == [["Full"], ["OPERATIONAL"], ["Established"]]


class SilentLab:
    """Knows of nothing, whatever is asked."""

    def run(self, node: str, argv: Sequence[str], **_: Any) -> Completed:  # noqa: ARG002 - as RunningLab
        return Completed(" ".join(argv), 0, f"{{}}{frr.FRAME_END}\0", "")


@pytest.mark.parametrize(
    ("lab", "node", "spoken"),
    [
        ("l2vpn", "vpn-gw1-east", ["VRF OSPF neighbours"]),
        ("l2vpn", "ce1", ["OSPF neighbours"]),
        ("gre", "spoke-vpn2-east", ["OSPF neighbours"]),
    ],
)
def test_neighbors_of_customers_routing(lab: str, node: str, spoken: list[str]) -> None:
    network = design(intent.load(resources.labs() / lab))
    shown = views.tables(SilentLab(), network, "neighbors", node)  # type: ignore[arg-type]  # as above
    assert [table.title for table in shown] == spoken


def test_sas_name_the_vrf_that_they_protect(network: Network) -> None:
    recorded = json.loads((RECORDED / "vici.json").read_text())["list-sas"]
    found = tuple(sa for message in recorded for sa in vici_parse.ike_sas(_bytes(message)))
    table = views.sa_table(network.node("vpn-gw1-east"), found)
    vrfs = dict(zip(_cells(table, "connection"), _cells(table, "VRF"), strict=True))
    assert vrfs == {tunnel.gateway_connection: tunnel.vrf for _, tunnel in network.tunnels()}


def test_json_has_every_field_and_the_command(network: Network) -> None:
    (table,) = _shown(network, "vpnv4", "pe2")
    data = table.data()
    assert json.loads(json.dumps(data)) == data
    assert {"rd", "prefix", "next_hop", "label"} <= set(data["entries"][0])


@pytest.mark.parametrize("topic", ["sa", "vpnv4", "labels", "neighbors"])
def test_a_customer_router_has_nothing_to_show(network: Network, topic: str) -> None:
    assert _shown(network, topic, "ce1") == ()


def _bytes(value: Any) -> Any:
    """Text as VICI has it."""
    if isinstance(value, dict):
        return {key: _bytes(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_bytes(item) for item in value]
    return value.encode()
