"""rtnetlink messages (RFC 3549): just those that set, list and describe routes and XFRM interfaces.

Written here because importing a netlink library takes longer than everything else the agent
does, and because many routes go to the kernel in one system call.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

HEADER = struct.Struct("=IHHII")
ATTRIBUTE = struct.Struct("=HH")
ROUTE = struct.Struct("=BBBBBBBBI")
LINK = struct.Struct("=BxHiII")
NUMBER = struct.Struct("=I")
CODE = struct.Struct("=i")

NLMSG_ERROR, NLMSG_DONE = 2, 3
RTM_NEWLINK, RTM_GETLINK, RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE = 16, 18, 24, 25, 26
REQUEST, ACK, DUMP, REPLACE, EXCLUSIVE, CREATE = 0x1, 0x4, 0x300, 0x100, 0x200, 0x400
RTA_DST, RTA_OIF, RTA_TABLE = 1, 4, 15
IFLA_IFNAME, IFLA_LINKINFO, IFLA_INFO_KIND, IFLA_INFO_DATA, IFLA_XFRM_IF_ID = 3, 18, 1, 2, 2
AF_UNSPEC, AF_INET, SCOPE_LINK, UNICAST = 0, 2, 253, 1
TYPE_MASK = 0x3FFF  # the two upper bits say that an attribute is nested, or in network order

ADD, CHANGE, REMOVE = (
    (RTM_NEWROUTE, CREATE | EXCLUSIVE),
    (RTM_NEWROUTE, CREATE | REPLACE),
    (RTM_DELROUTE, 0),
)


@dataclass(frozen=True)
class RouteEntry:
    """A route as the kernel has it."""

    table: int
    prefix: IPv4Network
    index: int
    protocol: int


@dataclass(frozen=True)
class LinkEntry:
    """An interface; ``if_id`` is that of an XFRM interface."""

    name: str
    index: int
    if_id: int | None


@dataclass(frozen=True)
class Reply:
    """One message from the kernel; ``error`` is an errno, 0 for an acknowledgement."""

    kind: int
    sequence: int
    body: bytes
    error: int = 0

    @property
    def last(self) -> bool:
        """Whether the kernel has answered completely."""
        return self.kind in {NLMSG_ERROR, NLMSG_DONE}


def route_message(operation: tuple[int, int], entry: RouteEntry, sequence: int, *, ack: bool) -> bytes:
    """A request to add, change or remove a route by an interface. Errors are reported in any case."""
    kind, flags = operation
    body = ROUTE.pack(AF_INET, entry.prefix.prefixlen, 0, 0, 0, entry.protocol, SCOPE_LINK, UNICAST, 0)
    body += _attribute(RTA_TABLE, NUMBER.pack(entry.table))
    body += _attribute(RTA_DST, entry.prefix.network_address.packed)
    body += _attribute(RTA_OIF, NUMBER.pack(entry.index))
    return _message(kind, REQUEST | flags | (ACK if ack else 0), sequence, body)


def routes_request(protocol: int, sequence: int) -> bytes:
    """A request for the IPv4 routes of all tables with that protocol number."""
    body = ROUTE.pack(AF_INET, 0, 0, 0, 0, protocol, 0, 0, 0)
    return _message(RTM_GETROUTE, REQUEST | DUMP, sequence, body)


def links_request(sequence: int) -> bytes:
    """A request for all interfaces."""
    return _message(RTM_GETLINK, REQUEST | DUMP, sequence, LINK.pack(AF_UNSPEC, 0, 0, 0, 0))


def replies(data: bytes) -> Iterator[Reply]:
    """The messages in what one read from the socket returned."""
    while len(data) >= HEADER.size:
        length, kind, _, sequence, _ = HEADER.unpack_from(data)
        body = data[HEADER.size : length]
        error = -CODE.unpack_from(body)[0] if kind in {NLMSG_ERROR, NLMSG_DONE} and body else 0
        yield Reply(kind, sequence, body, error)
        data = data[_aligned(max(length, HEADER.size)) :]


def route_entry(body: bytes) -> RouteEntry | None:
    """The route in a message; None for one that leaves by no single interface."""
    _, length, _, _, table, protocol, _, _, _ = ROUTE.unpack_from(body)
    attributes = dict(_attributes(body[ROUTE.size :]))
    if RTA_OIF not in attributes:
        return None
    prefix = IPv4Network((attributes.get(RTA_DST, bytes(4)), length))
    number = NUMBER.unpack(attributes[RTA_TABLE])[0] if RTA_TABLE in attributes else table
    return RouteEntry(number, prefix, NUMBER.unpack(attributes[RTA_OIF])[0], protocol)


def link_entry(body: bytes) -> LinkEntry:
    """The interface in a message."""
    _, _, index, _, _ = LINK.unpack_from(body)
    attributes = dict(_attributes(body[LINK.size :]))
    name = attributes[IFLA_IFNAME].rstrip(b"\0").decode()
    info = dict(_attributes(attributes.get(IFLA_LINKINFO, b"")))
    if info.get(IFLA_INFO_KIND, b"").rstrip(b"\0") != b"xfrm":
        return LinkEntry(name, index, None)
    details = dict(_attributes(info.get(IFLA_INFO_DATA, b"")))
    return LinkEntry(name, index, NUMBER.unpack(details[IFLA_XFRM_IF_ID])[0])


def _message(kind: int, flags: int, sequence: int, body: bytes) -> bytes:
    return HEADER.pack(HEADER.size + len(body), kind, flags, sequence, 0) + body


def _attribute(kind: int, value: bytes) -> bytes:
    length = ATTRIBUTE.size + len(value)
    return ATTRIBUTE.pack(length, kind) + value + bytes(_aligned(length) - length)


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= ATTRIBUTE.size:
        length, kind = ATTRIBUTE.unpack_from(data)
        yield kind & TYPE_MASK, data[ATTRIBUTE.size : length]
        data = data[_aligned(max(length, ATTRIBUTE.size)) :]


def _aligned(length: int) -> int:
    return (length + 3) & ~3
