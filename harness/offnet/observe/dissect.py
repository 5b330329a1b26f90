"""Frames into packets: Ethernet or Linux cooked, 802.1Q, MPLS, IP, and what IPsec is made of."""

from __future__ import annotations

import struct
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address

from offnet.observe.errors import PacketError
from offnet.observe.ike import parse_ike
from offnet.observe.packet import Direction, Kind, Packet

EN10MB, LINUX_SLL, LINUX_SLL2 = 1, 113, 276
LINKTYPES = frozenset({EN10MB, LINUX_SLL, LINUX_SLL2})
IPV4, IPV6, ARP, VLAN, QINQ, MPLS = 0x0800, 0x86DD, 0x0806, 0x8100, 0x88A8, 0x8847
ICMP, UDP, GRE, ESP, ICMPV6, HOP_BY_HOP, TCP = 1, 17, 47, 50, 58, 0, 6
IKE_PORT, NAT_PORT = 500, 4500
NON_ESP_MARKER = bytes(4)
OUTGOING = 4  # the cooked headers' packet type of what the node sends
MLD_TYPES = frozenset({130, 131, 132, 143})
ND_TYPES = frozenset({133, 134, 135, 136, 137})
ETHERNET = struct.Struct("!12xH")
UNREACHABLE = 3  # ICMP type (RFC 792)
TUNNEL = frozenset({Kind.IKE, Kind.ESP, Kind.ESP_IN_UDP, Kind.NAT_KEEPALIVE})
SLL = struct.Struct("!H12xH")
SLL2 = struct.Struct("!HxxIHB9x")
TAG = struct.Struct("!HH")
ESP_HEADER = struct.Struct("!II")


def dissect(linktype: int, data: bytes, time: float = 0.0, length: int | None = None) -> Packet:
    """The packet in a frame; PacketError when a header is cut short."""
    try:
        packet, rest = _link(linktype, data, time, len(data) if length is None else length)
        return _network(packet, rest)
    except (struct.error, IndexError) as error:
        raise PacketError(f"frame of {len(data)} bytes is cut short: {error}") from error


def _link(linktype: int, data: bytes, time: float, length: int) -> tuple[Packet, bytes]:
    if linktype == EN10MB:
        (ethertype,) = ETHERNET.unpack_from(data)
        return Packet(time, length, Kind.OTHER, ethertype), data[ETHERNET.size :]
    if linktype == LINUX_SLL:
        direction, ethertype = SLL.unpack_from(data)
        packet = Packet(time, length, Kind.OTHER, ethertype, direction=_direction(direction))
        return packet, data[SLL.size :]
    if linktype == LINUX_SLL2:
        ethertype, index, _, direction = SLL2.unpack_from(data)
        packet = Packet(
            time, length, Kind.OTHER, ethertype, interface=str(index), direction=_direction(direction)
        )
        return packet, data[SLL2.size :]
    raise PacketError(f"link type {linktype} is not known")


def _direction(packet_type: int) -> Direction:
    return Direction.OUT if packet_type == OUTGOING else Direction.IN


def _network(packet: Packet, data: bytes) -> Packet:
    while packet.ethertype in {VLAN, QINQ}:
        tag, ethertype = TAG.unpack_from(data)
        vlan = tag & 0xFFF if packet.vlan is None else packet.vlan
        packet, data = replace(packet, ethertype=ethertype, vlan=vlan), data[TAG.size :]
    if packet.ethertype == ARP:
        return replace(packet, kind=Kind.ARP, payload=data)
    if packet.ethertype == MPLS:
        entries, data = _label_stack(data)
        labels, classes = (entry >> 12 for entry in entries), (entry >> 9 & 7 for entry in entries)
        packet = replace(packet, labels=tuple(labels), traffic_classes=tuple(classes))
        if data[:1] and data[0] >> 4 == 4:  # noqa: PLR2004 - the version nibble: nothing else says what is below
            return _ipv4(packet, data)
    if packet.ethertype == IPV4:
        return _ipv4(packet, data)
    if packet.ethertype == IPV6:
        return _ipv6(packet, data)
    return replace(packet, payload=data)


def _label_stack(data: bytes) -> tuple[tuple[int, ...], bytes]:
    """The entries of a label stack (RFC 3032 section 2.1), and what is below them."""
    entries: list[int] = []
    bottom = False
    while not bottom:
        (entry,) = struct.unpack_from("!I", data)
        entries.append(entry)
        bottom = bool(entry & 0x100)
        data = data[4:]
    return tuple(entries), data


def _ipv4(packet: Packet, data: bytes) -> Packet:
    first, tos, total, fragment, protocol = struct.unpack_from("!BBH2xHxB", data)
    header = (first & 0xF) * 4
    packet = replace(
        packet,
        source=str(IPv4Address(data[12:16].ljust(4, b"\0"))),
        destination=str(IPv4Address(data[16:20].ljust(4, b"\0"))),
        protocol=protocol,
        dscp=tos >> 2,
        fragment=bool(fragment & 0x3FFF),
    )
    # Frames are padded to 60 bytes; with segmentation offload the length field is 0.
    body = data[header : total or None]
    if fragment & 0x1FFF:  # no transport header in any fragment but the first
        return replace(packet, kind=_KINDS.get(protocol, Kind.OTHER), payload=body)
    return _transport(packet, protocol, body)


def _ipv6(packet: Packet, data: bytes) -> Packet:
    following = data[6]
    packet = replace(
        packet,
        source=str(IPv6Address(data[8:24].ljust(16, b"\0"))),
        destination=str(IPv6Address(data[24:40].ljust(16, b"\0"))),
        protocol=following,
    )
    body = data[40:]
    if following == HOP_BY_HOP:  # MLD bears the router alert option
        following, body = body[0], body[(body[1] + 1) * 8 :]
    return _transport(replace(packet, protocol=following), following, body)


_KINDS = {ICMP: Kind.ICMP, GRE: Kind.GRE, ESP: Kind.ESP}


def _transport(packet: Packet, protocol: int, body: bytes) -> Packet:
    packet = replace(packet, kind=_KINDS.get(protocol, Kind.OTHER), payload=body)
    if protocol == ESP:
        return _esp(packet, body)
    if protocol in {UDP, TCP}:
        source, destination = struct.unpack_from("!HH", body)
        packet = replace(packet, source_port=source, destination_port=destination)
        return _udp(packet, body[8:]) if protocol == UDP else packet
    if protocol in {ICMP, ICMPV6}:
        return _icmp(packet, body)
    return packet


def _icmp(packet: Packet, body: bytes) -> Packet:
    kind, identifier = struct.unpack_from("!BxxxH", body)
    if packet.protocol == ICMPV6:
        name = Kind.ND if kind in ND_TYPES else Kind.MLD if kind in MLD_TYPES else Kind.ICMP
        return replace(packet, kind=name, icmp_type=kind)
    packet = replace(packet, icmp_type=kind, icmp_id=identifier, payload=body[8:])
    if kind == UNREACHABLE and _quotes_tunnel(packet):
        return replace(packet, kind=Kind.TUNNEL_UNREACHABLE)
    return packet


def _quotes_tunnel(packet: Packet) -> bool:
    """Whether what an ICMP error quotes is a packet of a tunnel: nobody listened for it, as nobody ran."""
    blank = Packet(time=packet.time, length=len(packet.payload), kind=Kind.OTHER, ethertype=IPV4)
    try:
        return _ipv4(blank, packet.payload).kind in TUNNEL
    except (struct.error, IndexError):
        return False


def _udp(packet: Packet, body: bytes) -> Packet:
    packet = replace(packet, payload=body)
    ports = {packet.source_port, packet.destination_port}
    if IKE_PORT in ports:
        return _ike(packet, body)
    if NAT_PORT not in ports:
        return packet
    if body[:4] == NON_ESP_MARKER:
        return _ike(packet, body[4:])
    if body == b"\xff":
        return replace(packet, kind=Kind.NAT_KEEPALIVE)
    return _esp(replace(packet, kind=Kind.ESP_IN_UDP), body)


def _ike(packet: Packet, body: bytes) -> Packet:
    """Only what reads as IKE is called so: the ports alone prove nothing."""
    try:
        return replace(packet, kind=Kind.IKE, ike=parse_ike(body), payload=body)
    except PacketError:
        return packet


def _esp(packet: Packet, body: bytes) -> Packet:
    spi, sequence = ESP_HEADER.unpack_from(body)
    return replace(packet, spi=spi, sequence=sequence, payload=body[ESP_HEADER.size :])
