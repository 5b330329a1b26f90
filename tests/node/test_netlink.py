"""The agent's own netlink messages, checked against an independent implementation."""

from __future__ import annotations

import struct
from ipaddress import IPv4Network

import pytest
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from offnet.node.agent import netlink
from offnet.node.agent.netlink import LinkEntry, Reply, RouteEntry

ENTRY = RouteEntry(1001, IPv4Network("10.0.67.0/24"), 14, 200)


@pytest.mark.parametrize(
    ("operation", "kind", "flags"),
    [(netlink.ADD, 24, 0x601), (netlink.CHANGE, 24, 0x501), (netlink.REMOVE, 25, 0x1)],
    ids=["add", "change", "remove"],
)
def test_route_requests_read_as_meant(operation: tuple[int, int], kind: int, flags: int) -> None:
    message = rtmsg(netlink.route_message(operation, ENTRY, 7, ack=False))
    message.decode()
    assert (message["header"]["type"], message["header"]["flags"]) == (kind, flags)
    assert message["header"]["sequence_number"] == 7
    assert (message["family"], message["dst_len"], message["proto"]) == (2, 24, 200)
    assert message.get_attr("RTA_DST") == "10.0.67.0"
    assert message.get_attr("RTA_TABLE") == 1001
    assert message.get_attr("RTA_OIF") == 14


def test_an_acknowledgement_is_asked_for() -> None:
    message = rtmsg(netlink.route_message(netlink.ADD, ENTRY, 7, ack=True))
    message.decode()
    assert message["header"]["flags"] & 0x4


def test_routes_are_read_back() -> None:
    (reply,) = netlink.replies(netlink.route_message(netlink.ADD, ENTRY, 7, ack=True))
    assert netlink.route_entry(reply.body) == ENTRY


def test_an_xfrm_interface_tells_its_if_id() -> None:
    message = ifinfmsg()
    message["index"] = 14
    message["attrs"] = [
        ("IFLA_IFNAME", "ipsec1"),
        (
            "IFLA_LINKINFO",
            {"attrs": [("IFLA_INFO_KIND", "xfrm"), ("IFLA_INFO_DATA", {"attrs": [("IFLA_XFRM_IF_ID", 7)]})]},
        ),
    ]
    message.encode()
    (reply,) = netlink.replies(bytes(message.data))
    assert netlink.link_entry(reply.body) == LinkEntry("ipsec1", 14, 7)


def test_another_interface_has_no_if_id() -> None:
    message = ifinfmsg()
    message["index"] = 2
    message["attrs"] = [("IFLA_IFNAME", "wan"), ("IFLA_LINKINFO", {"attrs": [("IFLA_INFO_KIND", "veth")]})]
    message.encode()
    (reply,) = netlink.replies(bytes(message.data))
    assert netlink.link_entry(reply.body) == LinkEntry("wan", 2, None)


def test_errors_are_told_by_number() -> None:
    body = struct.pack("=i", -17)
    data = struct.pack("=IHHII", 16 + len(body), netlink.NLMSG_ERROR, 0, 9, 0) + body
    (reply,) = netlink.replies(data)
    assert (reply.error, reply.sequence, reply.last) == (17, 9, True)


def test_the_end_of_a_dump_is_the_last_reply() -> None:
    assert Reply(netlink.NLMSG_DONE, 1, b"").last
    assert not Reply(netlink.RTM_NEWROUTE, 1, b"").last
