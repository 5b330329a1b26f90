"""The files of a node: each says what the network says of it, and none is there without a use."""

from __future__ import annotations

import json
import shlex

import pytest
from jinja2 import Environment, StrictUndefined, UndefinedError

from offnet.network.model import InterfaceKind, Network, Role
from offnet.render.agent import REVERSE_ROUTE_PROTOCOL
from offnet.render.frr import daemons
from offnet.render.templates import environment, template

ENVIRONMENT_KEYS = ["NODE", "INTERFACES", "DAEMONS", "IKE", "AGENT", "AWAIT_ROUTES", "AWAIT_PEERS"]


def variables(files: dict[str, str], node: str) -> dict[str, str]:
    """node.env as a shell takes it."""
    words = shlex.split(files[f"{node}/node.env"])
    return dict(word.split("=", 1) for word in words)


def test_a_shell_reads_node_env(network: Network, files: dict[str, str]) -> None:
    for node in network.nodes:
        seen = variables(files, node.name)
        assert list(seen) == ENVIRONMENT_KEYS
        veths = [i.name for i in node.default.interfaces if i.kind is InterfaceKind.VETH]
        assert (seen["NODE"], seen["INTERFACES"].split()) == (node.name, veths)
        assert seen["DAEMONS"].split() == list(daemons(node))
        assert seen["IKE"] == ("yes" if node.ike else "no")
        assert seen["AGENT"] == ("yes" if node.reverse_routes else "no")


def test_ldpd_awaits_the_loopbacks_and_charon_its_peers(network: Network, files: dict[str, str]) -> None:
    for node in network.nodes:
        seen = variables(files, node.name)
        loopbacks = node.default.ldp.peers if node.default.ldp else ()
        assert seen["AWAIT_ROUTES"].split() == [f"{address}/32" for address in loopbacks]
        peers = node.ike.await_peers if node.ike else ()
        assert seen["AWAIT_PEERS"].split() == [str(address) for address in peers]


def test_routers_run_the_daemons_of_their_role_mgmtd_first(network: Network) -> None:
    expected = {
        Role.PE: ("mgmtd", "zebra", "ospfd", "bgpd", "ldpd"),
        Role.P: ("mgmtd", "zebra", "ospfd", "ldpd"),
    }
    for node in network.nodes:
        assert daemons(node) == expected.get(node.role, ())


def test_every_daemon_but_mgmtd_has_its_file(network: Network, files: dict[str, str]) -> None:
    for node in network.nodes:
        seen = {path for path in files if path.startswith(f"{node.name}/frr/")}
        assert seen == {f"{node.name}/frr/{daemon}.conf" for daemon in daemons(node) if daemon != "mgmtd"}


def test_bgp_has_every_neighbour_and_every_vrf(network: Network, files: dict[str, str]) -> None:
    for pe in network.role(Role.PE):
        assert pe.default.bgp is not None
        lines = [line.strip() for line in files[f"{pe.name}/frr/bgpd.conf"].splitlines()]
        for neighbor in pe.default.bgp.neighbors:
            assert f"neighbor {neighbor.address} activate" in lines
            assert f"neighbor {neighbor.address} update-source {pe.loopback}" in lines
        for vrf in pe.default.vrfs:
            start = lines.index(f"router bgp {network.asn} vrf {vrf.name}")
            body = lines[start : lines.index("exit", start)]
            assert f"rd vpn export {vrf.rd}" in body
            assert f"rt vpn import {' '.join(vrf.rt_import)}" in body
            assert f"rt vpn export {' '.join(vrf.rt_export)}" in body


def test_the_unreachable_default_of_a_vrf_never_becomes_a_vpn_route(
    network: Network, files: dict[str, str]
) -> None:
    for pe in network.role(Role.PE):
        text = files[f"{pe.name}/frr/bgpd.conf"]
        redistributions = [line.split() for line in text.splitlines() if "redistribute kernel" in line]
        assert [words[2:] for words in redistributions] == [["route-map", "reverse-routes"]] * len(
            pe.default.vrfs
        )
        assert "route-map reverse-routes deny 10\n match ip address prefix-list default-route\n" in text
        assert "ip prefix-list default-route seq 5 permit 0.0.0.0/0\n" in text


def test_the_agent_is_told_what_it_may_inject(network: Network, files: dict[str, str]) -> None:
    for node in network.nodes:
        path = f"{node.name}/agent.json"
        assert (path in files) == bool(node.reverse_routes)
        if path in files:
            document = json.loads(files[path])
            assert document["protocol"] == REVERSE_ROUTE_PROTOCOL
            assert document["policies"] == [
                {
                    "connection": policy.connection,
                    "vrf": policy.vrf,
                    "table": policy.table,
                    "interface": policy.interface,
                    "prefixes": [str(prefix) for prefix in policy.prefixes],
                    "static": policy.static,
                }
                for policy in node.reverse_routes
            ]


def test_the_agents_file_has_a_line_for_each_connection(network: Network, files: dict[str, str]) -> None:
    for node in network.nodes:
        if node.reverse_routes:
            assert files[f"{node.name}/agent.json"].count("\n") == len(node.reverse_routes) + 2


def test_only_spokes_have_a_guard_and_it_guards_their_lan(network: Network, files: dict[str, str]) -> None:
    guards = {path.split("/")[0]: text for path, text in files.items() if path.endswith("/nftables.conf")}
    assert set(guards) == {node.name for node in network.role(Role.SPOKE)}
    for site, _ in network.tunnels():
        rules = [line for line in guards[site.node].splitlines() if line.endswith(" drop")]
        assert len(rules) == 4
        assert all(f"addr {site.lan} " in rule and "ipsec missing" in rule for rule in rules)


def test_no_key_is_anywhere_but_in_swanctl_conf(network: Network, files: dict[str, str]) -> None:
    keys = {secret.secret for node in network.nodes if node.ike for secret in node.ike.secrets}
    holders = {path for path, text in files.items() if any(key in text for key in keys)}
    assert {path.split("/")[1] for path in holders} == {"swanctl.conf"}


@pytest.mark.parametrize(
    "name", sorted(n for n in environment().list_templates() if n.startswith("frr/") and ".conf." in n)
)
def test_a_template_without_its_values_is_an_error(name: str) -> None:
    with pytest.raises(UndefinedError):
        template(name).render()


def test_undefined_names_are_errors_everywhere() -> None:
    own: Environment = environment()
    assert own.undefined is StrictUndefined
    for text in ("{{ missing }}", "{{ node.missing }}", "{% if missing %}{% endif %}"):
        with pytest.raises(UndefinedError):
            own.from_string(text).render(node=object())
