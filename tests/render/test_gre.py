"""What is rendered of GRE tunnels and of routing over them."""

from __future__ import annotations

import pytest

from offnet import resources
from offnet.design import design
from offnet.intent import LabIntent
from offnet.intent.loader import plain_data
from offnet.network.model import EdgeProtocol, Network
from offnet.render import render

GATEWAY, SITE = "vpn-gw1-east", "spoke-vpn2-east"
DAEMON = {EdgeProtocol.OSPF: "ospfd", EdgeProtocol.EBGP: "bgpd", EdgeProtocol.EIGRP: "eigrpd"}
NEIGHBOUR = {
    EdgeProtocol.OSPF: (f"interface {SITE}", "interface gre1"),
    EdgeProtocol.EBGP: (" neighbor 10.254.2.2 remote-as 65001", " neighbor 10.254.2.1 remote-as 1001"),
    EdgeProtocol.EIGRP: (" network 10.254.2.0/30", " network 10.254.2.0/30"),
}


def network_with(routing: EdgeProtocol) -> Network:
    data = plain_data(resources.labs() / "gre")
    data["sites"][SITE]["gre"] |= {"routing": routing.value, "as": 65001}
    return design(LabIntent.model_validate(data))


@pytest.mark.parametrize("routing", list(EdgeProtocol))
def test_each_end_runs_the_protocol_and_names_its_neighbour(routing: EdgeProtocol) -> None:
    files = render(network_with(routing))
    for node, line in zip((GATEWAY, SITE), NEIGHBOUR[routing], strict=True):
        assert line in files[f"{node}/frr/{DAEMON[routing]}.conf"].splitlines()
        assert DAEMON[routing] in files[f"{node}/node.env"]


@pytest.mark.parametrize("routing", list(EdgeProtocol))
def test_the_aggregator_takes_the_lan_of_the_site_and_nothing_else(routing: EdgeProtocol) -> None:
    files = render(network_with(routing))
    bgp = files[f"{GATEWAY}/frr/bgpd.conf"].splitlines()
    permitted = f"ip prefix-list {SITE} seq 5 permit 10.0.67.0/24"
    if routing is EdgeProtocol.EBGP:
        assert {permitted, f"  neighbor 10.254.2.2 prefix-list {SITE} in"} <= set(bgp)
        return
    zebra = files[f"{GATEWAY}/frr/mgmtd.conf"].splitlines()
    assert {permitted, f" match interface {SITE}", f" ip protocol {routing} route-map {routing}-vpn2"} <= set(
        zebra
    )
    assert f"  redistribute {routing}" in bgp


def test_a_router_without_filters_has_no_file_of_mgmtd() -> None:
    files = render(network_with(EdgeProtocol.OSPF))
    assert [path for path in files if path.endswith("mgmtd.conf")] == [f"{GATEWAY}/frr/mgmtd.conf"]


def test_gre_without_ipsec_is_dropped_at_both_ends_whatever_the_interface() -> None:
    files = render(network_with(EdgeProtocol.OSPF))
    for node in (GATEWAY, SITE):
        text = files[f"{node}/nftables.conf"]
        assert "    ip protocol gre rt ipsec missing counter drop" in text
        assert "    ip protocol gre meta ipsec missing counter drop" in text
    assert "gre" not in files["spoke-vpn1-east/nftables.conf"]


def test_a_tunnel_has_its_mtu_and_takes_multicast_before_it_is_up() -> None:
    for node, name in ((GATEWAY, SITE), (SITE, "gre1")):
        lines = render(network_with(EdgeProtocol.OSPF))[f"{node}/ip.batch"].splitlines()
        mtu, up = f"link set dev {name} mtu 1400 multicast on", f"link set dev {name} up"
        assert lines.index(mtu) < lines.index(up)


def test_a_site_more_touches_its_aggregator_and_the_internet_only() -> None:
    data = plain_data(resources.labs() / "gre")
    before = render(design(LabIntent.model_validate(data)))
    data["profiles"]["vpn2"]["match"]["address"].append("203.0.113.10")
    data["keyrings"]["vpn2"]["203.0.113.10"] = "vpn2ikev2"
    tunnel = {"gateway": GATEWAY, "address": "203.0.113.10/30", "tunnel": "10.254.2.8/30"}
    data["sites"]["spoke-vpn2-south"] = {"vpn": "vpn2", "lan": "10.0.69.0/24", "gre": tunnel}
    after = render(design(LabIntent.model_validate(data)))
    changed = {path.partition("/")[0] for path in after if after[path] != before.get(path)}
    topology = {"gre.clab.yml", "gre.clab.yml.annotations.json"}
    assert changed == topology | {GATEWAY, "inet", "spoke-vpn2-south"}
    assert before.keys() < after.keys()
