"""The order and the rules that keep VPNs apart on a Linux PE."""

from __future__ import annotations

from offnet.network.model import MPLS_LABELS, InterfaceKind, Network, Node, Role
from offnet.render.kernel import (
    LOCAL_TABLE_PREFERENCE,
    UNREACHABLE_METRIC,
    batch_lines,
    front_door_lines,
    sysctl_lines,
)

VRF_RULE_PREFERENCE = 1000  # the kernel's, for all VRFs


def batch(node: Node) -> list[str]:
    return list(batch_lines(node.default))


def sysctls(node: Node) -> dict[str, str]:
    lines = list(sysctl_lines(node))
    values = dict(line.split("=", 1) for line in lines)
    assert len(values) == len(lines)
    return values


def test_a_vpn_user_does_not_reach_the_addresses_of_the_pe(network: Network) -> None:
    for pe in network.role(Role.PE):
        lines = batch(pe)
        added = lines.index(f"rule add preference {LOCAL_TABLE_PREFERENCE} table local")
        assert lines[added + 1] == "rule del preference 0"
        assert LOCAL_TABLE_PREFERENCE > VRF_RULE_PREFERENCE


def test_a_destination_that_a_vrf_lacks_is_not_looked_up_in_the_main_table(network: Network) -> None:
    for pe in network.role(Role.PE):
        for vrf in pe.default.vrfs:
            line = f"route add unreachable default table {vrf.table} metric {UNREACHABLE_METRIC}"
            assert batch(pe).count(line) == 1


def test_a_vrf_is_closed_before_an_interface_is_in_it(network: Network) -> None:
    for pe in network.role(Role.PE):
        lines = batch(pe)
        last_rule = max(n for n, line in enumerate(lines) if line.startswith(("rule ", "route add unreach")))
        first_interface = min(n for n, line in enumerate(lines) if " master " in line)
        assert last_rule < first_interface


def test_an_interface_is_in_its_vrf_before_it_has_an_address_or_is_up(network: Network) -> None:
    for node in network.nodes:
        lines = batch(node)
        for interface in node.default.interfaces:
            addressed = [
                n
                for n, line in enumerate(lines)
                if line.startswith("address ") and line.endswith(f" dev {interface.name}")
            ]
            up = [n for n, line in enumerate(lines) if line == f"link set dev {interface.name} up"]
            if interface.vrf:
                enslaved = lines.index(f"link set dev {interface.name} master {interface.vrf}")
                assert all(enslaved < n for n in (*addressed, *up))
            assert all(n < up[0] for n in addressed if up)


def test_routers_without_vrfs_keep_the_order_of_rules(network: Network) -> None:
    for node in network.nodes:
        if not node.default.vrfs:
            assert not [line for line in batch(node) if line.startswith("rule ")]


def test_the_front_door_is_closed_until_charon_holds_its_connections(network: Network) -> None:
    for pe in network.role(Role.PE):
        doors = [interface for interface in pe.default.interfaces if interface.front_door]
        for door in doors:
            lines = batch(pe)
            assert f"link set dev {door.name} up" not in lines
            assert [f"address add {address} dev {door.name}" in lines for address in door.addresses] == [True]
            assert not [line for line in lines if line.startswith("route replace")]
        opened = list(front_door_lines(pe.default))
        assert opened[: len(doors)] == [f"link set dev {door.name} up" for door in doors]
        assert len(opened) == len(doors) + len(pe.default.routes)


def test_only_aggregators_have_a_file_for_the_front_door(network: Network, files: dict[str, str]) -> None:
    gateways = {tunnel.gateway for _, tunnel in network.tunnels()}
    assert {path for path in files if path.endswith("/front-door.batch")} == {
        f"{gateway}/front-door.batch" for gateway in gateways
    }


def test_opening_the_door_again_is_harmless(network: Network) -> None:
    for node in network.nodes:
        for line in front_door_lines(node.default):
            assert line.startswith(("link set dev ", "route replace "))


def test_an_xfrm_interface_is_bound_to_the_front_door_and_to_its_if_id(network: Network) -> None:
    for pe in network.role(Role.PE):
        for interface in pe.default.interfaces:
            if interface.kind is InterfaceKind.XFRM:
                line = f"link add {interface.name} type xfrm dev {interface.parent} if_id {interface.if_id}"
                assert batch(pe).count(line) == 1


def test_every_interface_but_the_front_door_comes_up(network: Network) -> None:
    for node in network.nodes:
        up = {
            line.split()[3]
            for line in batch(node)
            if line.startswith("link set dev ") and line.endswith(" up")
        }
        wanted = {interface.name for interface in node.default.interfaces if not interface.front_door}
        assert up == wanted | {vrf.name for vrf in node.default.vrfs}


def test_everybody_forwards_and_nobody_filters_by_reverse_path(network: Network) -> None:
    for node in network.nodes:
        values = sysctls(node)
        assert values["net/ipv4/ip_forward"] == "1"
        assert values["net/ipv4/conf/all/rp_filter"] == values["net/ipv4/conf/default/rp_filter"] == "0"


def test_labels_are_taken_on_core_links_only(network: Network) -> None:
    for node in network.nodes:
        values = sysctls(node)
        taken = {path.split("/")[3] for path in values if path.startswith("net/mpls/conf/")}
        assert taken == {interface.name for interface in node.default.interfaces if interface.mpls}
        assert values.get("net/mpls/platform_labels") == (str(MPLS_LABELS) if node.default.ldp else None)


def test_daemons_of_a_pe_answer_in_every_vrf(network: Network) -> None:
    for node in network.nodes:
        accept = {path for path in sysctls(node) if path.endswith("_l3mdev_accept")}
        expected = (
            {"net/ipv4/udp_l3mdev_accept", "net/ipv4/tcp_l3mdev_accept"} if node.default.vrfs else set()
        )
        assert accept == expected
