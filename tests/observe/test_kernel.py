from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import pytest

from offnet.host.base import Completed
from offnet.network.model import Crypto
from offnet.observe import kernel
from offnet.observe.errors import ObserveError
from offnet.observe.kernel_model import MAIN_TABLE
from offnet.observe.question import read

if TYPE_CHECKING:
    from offnet.observe.kernel_model import Lookup
    from offnet.runtime.base import RunningLab
    from tests.observe.conftest import Recorded

GATEWAY = "vpn-gw1-east"


def lookup(lab: OneAnswer, destination: str, vrf: str | None = None) -> Lookup:
    return kernel.route_get(cast("RunningLab", lab), GATEWAY, destination, vrf=vrf)


class OneAnswer:
    """A lab that gives the same answer to whatever is asked."""

    def __init__(self, code: int, stdout: str = "", stderr: str = "") -> None:
        self.done = Completed("", code, stdout, stderr)
        self.asked: list[list[str]] = []

    def run(self, _node: str, argv: Sequence[str], **_options: Any) -> Completed:
        self.asked.append(list(argv))
        return self.done


def test_injected_routes_leave_by_the_xfrm_interface(recorded: Recorded) -> None:
    routes = recorded.answer(GATEWAY, kernel.ROUTES)
    vrfs = {vrf.name: vrf for vrf in recorded.network.node(GATEWAY).default.vrfs}
    for site, tunnel in recorded.network.tunnels():
        found = [r for r in routes if r.table == vrfs[tunnel.vrf].table and r.prefix == site.lan]
        (route,) = found
        assert route.protocol == "200"
        assert [hop.interface for hop in route.hops] == [f"ipsec{tunnel.if_id}"]


def test_remote_site_is_reached_by_two_labels(recorded: Recorded) -> None:
    table = recorded.network.node(GATEWAY).default.vrf("vpn1").table
    lan = recorded.network.site("ce1").lan
    (route,) = [r for r in recorded.answer(GATEWAY, kernel.ROUTES) if r.table == table and r.prefix == lan]
    assert len(route.hops[0].labels) == 2


def test_vrfs_end_in_an_unreachable_default(recorded: Recorded) -> None:
    defaults = [r for r in recorded.answer(GATEWAY, kernel.ROUTES) if r.prefix.prefixlen == 0]
    unreachable = {r.table for r in defaults if r.kind == "unreachable" and not r.hops}
    assert unreachable == {vrf.table for vrf in recorded.network.node(GATEWAY).default.vrfs}
    assert MAIN_TABLE in {r.table for r in defaults}


def test_labels_of_the_kernel_are_those_of_frr(recorded: Recorded) -> None:
    entries = recorded.answer(GATEWAY, kernel.MPLS_ROUTES)
    assert {entry.interface for entry in entries if entry.protocol == "bgp"} == {"vpn1", "vpn2"}
    assert all(not entry.out_labels for entry in entries if entry.protocol == "bgp")


def test_sadb_holds_a_pair_for_every_tunnel(recorded: Recorded) -> None:
    states = recorded.answer(GATEWAY, kernel.XFRM_STATES)
    for _, tunnel in recorded.network.tunnels():
        ends = {(tunnel.gateway_address, tunnel.address), (tunnel.address, tunnel.gateway_address)}
        pair = [s for s in states if (s.source, s.destination) in ends]
        assert {s.direction for s in pair} == {"in", "out"}
        assert {s.if_id for s in pair} == {tunnel.if_id}
        assert {s.mode for s in pair} == {"tunnel"}


def test_algorithms_are_those_of_the_variant(recorded: Recorded) -> None:
    algorithms = {name for s in recorded.answer(GATEWAY, kernel.XFRM_STATES) for name in s.algorithms}
    if recorded.network.crypto is Crypto.AS_PRINTED:
        assert algorithms == {"cbc(des3_ede)", "hmac(sha1)", "hmac(md5)"}
    else:
        assert algorithms == {"rfc4106(gcm(aes))"}


def test_no_recording_holds_a_key(recorded: Recorded) -> None:
    assert "Keys hidden" in recorded.text(GATEWAY, kernel.XFRM_STATES)


def test_counters_of_the_sa_that_was_used_have_grown(recorded: Recorded) -> None:
    tunnel = recorded.network.site("spoke-vpn1-east").tunnel
    assert tunnel is not None
    states = recorded.answer(GATEWAY, kernel.XFRM_STATES)
    assert any(s.packets > 0 for s in states if tunnel.address in {s.source, s.destination})


def test_spd_holds_three_policies_for_every_tunnel(recorded: Recorded) -> None:
    policies = recorded.answer(GATEWAY, kernel.XFRM_POLICIES)
    for site, tunnel in recorded.network.tunnels():
        mine = [p for p in policies if p.if_id == tunnel.if_id and site.lan in {p.source, p.destination}]
        assert sorted(p.direction for p in mine) == ["fwd", "in", "out"]
        assert all(p.template_source and p.template_destination for p in mine)


def test_error_counters_have_names(recorded: Recorded) -> None:
    assert recorded.answer(GATEWAY, kernel.XFRM_STATISTICS)["XfrmInNoPols"] >= 0


def test_interfaces_tell_vrf_and_if_id(recorded: Recorded) -> None:
    interfaces = {i.name: i for i in recorded.answer(GATEWAY, kernel.INTERFACES)}
    for vrf in recorded.network.node(GATEWAY).default.vrfs:
        assert interfaces[vrf.name].kind == "vrf"
        assert interfaces[vrf.name].table == vrf.table
        tunnel = interfaces[f"ipsec{vrf.if_id}"]
        assert (tunnel.kind, tunnel.if_id, tunnel.master) == ("xfrm", vrf.if_id, vrf.name)


def test_the_local_table_comes_after_the_vrfs(recorded: Recorded) -> None:
    rules = recorded.answer(GATEWAY, kernel.RULES)
    priorities = {rule.table or "l3mdev": rule.priority for rule in rules}
    assert priorities["l3mdev"] < priorities["local"]


def test_counters_of_nftables_are_named_ones_and_those_of_rules() -> None:
    text = """{"nftables": [{"metainfo": {}},
        {"counter": {"family": "inet", "name": "k", "table": "t", "handle": 3, "packets": 7, "bytes": 9}},
        {"rule": {"family": "inet", "table": "t", "chain": "c", "handle": 2, "comment": "probe",
         "expr": [{"match": {}}, {"counter": {"packets": 5, "bytes": 420}}]}}]}"""
    named, of_rule = read("inet", kernel.NFT_COUNTERS, text)
    assert (named.name, named.packets) == ("k", 7)
    assert (of_rule.name, of_rule.chain, of_rule.packets) == ("probe", "c", 5)


def test_lookup_tells_the_labels() -> None:
    lab = OneAnswer(0, '[{"dst":"10.1.1.10","encap":{"encap_type":"mpls","dst":"17/145"},'
                       '"gateway":"172.16.1.2","dev":"core","table":"101","flags":[]}]')  # fmt: skip
    answer = lookup(lab, "10.1.1.10", "vpn1")
    assert answer.hop is not None
    assert (answer.hop.interface, answer.hop.labels, answer.table) == ("core", (17, 145), 101)
    assert lab.asked == [["ip", "-j", "route", "get", "10.1.1.10", "vrf", "vpn1"]]


def test_lookup_without_a_route_is_an_answer() -> None:
    answer = lookup(OneAnswer(2, stderr="RTNETLINK answers: No route to host\n"), "9.9.9.9")
    assert answer.unreachable
    assert answer.error == "No route to host"


def test_lookup_that_cannot_be_asked_is_an_error() -> None:
    with pytest.raises(ObserveError, match="invalid VRF"):
        lookup(OneAnswer(1, stderr="invalid VRF\n"), "9.9.9.9", "none")


def test_text_that_is_no_listing_is_an_error() -> None:
    with pytest.raises(ObserveError, match="ip -s xfrm state"):
        read("x", kernel.XFRM_STATES, "Cannot open netlink socket\n")
