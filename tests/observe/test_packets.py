from __future__ import annotations

import contextlib
import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offnet.network.model import Crypto
from offnet.observe.dissect import EN10MB, ESP, LINKTYPES, UDP, dissect
from offnet.observe.errors import PacketError
from offnet.observe.ike import parse_ike
from offnet.observe.packet import Direction, Kind
from offnet.observe.pcap import PcapReader, read_pcap

if TYPE_CHECKING:
    from tests.observe.conftest import Recorded

SPOKE = "spoke-vpn1-east"
PCAP_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, EN10MB)


def ipv4(protocol: int, body: bytes, *, fragment: int = 0) -> bytes:
    head = struct.pack(
        "!BBHHHBBH4s4s",
        0x45,
        0,
        20 + len(body),
        1,
        fragment,
        64,
        protocol,
        0,
        b"\xc0\0\2\1",
        b"\xc6\x33\x64\2",
    )
    return head + body


def ethernet(ethertype: int, body: bytes) -> bytes:
    return bytes(12) + struct.pack("!H", ethertype) + body


def udp(source: int, destination: int, body: bytes) -> bytes:
    return struct.pack("!HHHH", source, destination, 8 + len(body), 0) + body


def ike(exchange: int, version: int = 0x10) -> bytes:
    return b"i" * 8 + b"r" * 8 + struct.pack("!BBBBII", 1, version, exchange, 0, 0, 28)


def test_main_mode_is_six_messages_then_quick_mode(recorded: Recorded) -> None:
    exchanges = [
        p.ike.exchange
        for p in read_pcap(recorded.handshake)
        if p.ike and p.direction is Direction.IN and not p.ike.exchange.startswith("INFORMATIONAL")
    ]
    if recorded.network.crypto is Crypto.AS_PRINTED:
        assert exchanges == ["MAIN_MODE"] * 6 + ["QUICK_MODE"] * 3
    else:
        assert exchanges == ["IKE_SA_INIT"] * 2 + ["IKE_AUTH"] * 2


def test_a_handshake_keeps_its_initiator_spi(recorded: Recorded) -> None:
    first = {"MAIN_MODE", "IKE_SA_INIT"}
    messages = [p.ike for p in read_pcap(recorded.handshake) if p.ike]
    start = next(m for m in messages if m.exchange in first)
    assert start.responder_spi == 0
    assert {m.initiator_spi for m in messages if m.exchange in first} == {start.initiator_spi}


def test_only_the_first_messages_can_be_read(recorded: Recorded) -> None:
    messages = [p.ike for p in read_pcap(recorded.handshake) if p.ike]
    opening = next(m for m in messages if m.exchange in {"MAIN_MODE", "IKE_SA_INIT"})
    assert opening.payloads[0] == "SA"
    assert all(m.encrypted for m in messages if m.exchange in {"QUICK_MODE", "IKE_AUTH"})


def test_the_internet_sees_esp_and_ike_only(recorded: Recorded) -> None:
    kinds = {packet.kind for packet in read_pcap(recorded.handshake)}
    assert kinds - {Kind.ARP, Kind.ICMP} == {Kind.ESP, Kind.IKE}  # the ICMP is the fence on lo
    tunnel = recorded.network.site(SPOKE).tunnel
    assert tunnel is not None
    esp = [p for p in read_pcap(recorded.handshake) if p.kind is Kind.ESP]
    assert {p.source for p in esp} == {str(tunnel.address), str(tunnel.gateway_address)}
    assert len({p.spi for p in esp}) == 2


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        (ethernet(0x0806, bytes(28)), Kind.ARP),
        (ethernet(0x0800, ipv4(ESP, struct.pack("!II", 7, 1))), Kind.ESP),
        (ethernet(0x0800, ipv4(1, b"\x08\0\0\0\0\x4d\0\1")), Kind.ICMP),
        (ethernet(0x0800, ipv4(47, bytes(8))), Kind.GRE),
        (ethernet(0x0800, ipv4(6, bytes(20))), Kind.OTHER),
        (ethernet(0x0800, ipv4(UDP, udp(500, 500, ike(2)))), Kind.IKE),
        (ethernet(0x0800, ipv4(UDP, udp(500, 500, b"no IKE at all"))), Kind.OTHER),
        (ethernet(0x0800, ipv4(UDP, udp(4500, 4500, bytes(4) + ike(34, 0x20)))), Kind.IKE),
        (ethernet(0x0800, ipv4(UDP, udp(4500, 4500, struct.pack("!II", 7, 1)))), Kind.ESP_IN_UDP),
        (ethernet(0x0800, ipv4(UDP, udp(4500, 4500, b"\xff"))), Kind.NAT_KEEPALIVE),
        (ethernet(0x86DD, struct.pack("!IHBB32x", 6 << 28, 8, 58, 255) + b"\x87" + bytes(7)), Kind.ND),
        (
            ethernet(
                0x86DD, struct.pack("!IHBB32x", 6 << 28, 16, 0, 1) + b"\x3a\0" + bytes(6) + b"\x8f" + bytes(7)
            ),
            Kind.MLD,
        ),
    ],
)
def test_kinds(frame: bytes, kind: Kind) -> None:
    assert dissect(EN10MB, frame).kind is kind


def test_labels_and_tags_are_read() -> None:
    labelled = struct.pack("!II", 17 << 12 | 5 << 9, 145 << 12 | 0x100) + ipv4(1, bytes(8))
    packet = dissect(EN10MB, ethernet(0x8100, struct.pack("!HH", 101, 0x8847) + labelled))
    assert packet.labels == (17, 145)
    assert packet.traffic_classes == (5, 0)
    assert packet.vlan == 101
    assert (packet.source, packet.destination) == ("192.0.2.1", "198.51.100.2")


def test_a_later_fragment_has_no_ports() -> None:
    packet = dissect(EN10MB, ethernet(0x0800, ipv4(ESP, b"abc", fragment=100)))
    assert packet.fragment
    assert packet.spi is None
    assert packet.kind is Kind.ESP


def test_a_frame_that_is_cut_short_is_an_error() -> None:
    with pytest.raises(PacketError, match="cut short"):
        dissect(EN10MB, ethernet(0x0800, b"\x45"))


def test_a_capture_may_come_in_any_pieces(recorded: Recorded) -> None:
    reader = PcapReader()
    data = recorded.handshake
    packets = [packet for byte in data for packet in reader.feed(bytes([byte]))]
    assert tuple(packets) == read_pcap(data)


def test_a_malformed_frame_in_a_capture_is_kept_as_unknown_traffic() -> None:
    frame = ethernet(0x0800, b"\x45")
    (packet,) = read_pcap(PCAP_HEADER + struct.pack("<IIII", 1, 0, len(frame), len(frame)) + frame)
    assert packet.kind is Kind.OTHER
    assert packet.payload == frame


@pytest.mark.parametrize("data", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", PCAP_HEADER[:20] + bytes(4)])
def test_what_is_no_capture_is_an_error(data: bytes) -> None:
    with pytest.raises(PacketError):
        read_pcap(data)


@given(st.sampled_from(sorted(LINKTYPES)), st.binary(max_size=200))
def test_any_frame_gives_a_packet_or_a_packet_error(linktype: int, data: bytes) -> None:
    with contextlib.suppress(PacketError):
        assert str(dissect(linktype, data))


@given(st.sampled_from([0x0800, 0x86DD, 0x8847, 0x8100]), st.binary(max_size=120))
def test_any_network_layer_gives_a_packet_or_a_packet_error(ethertype: int, data: bytes) -> None:
    with contextlib.suppress(PacketError):
        assert str(dissect(EN10MB, ethernet(ethertype, data)))


@given(st.binary(max_size=120))
def test_any_ike_message_is_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(PacketError):
        assert parse_ike(b"i" * 16 + data).version in {1, 2}


@given(st.binary(max_size=300))
def test_any_capture_is_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(PacketError):
        read_pcap(PCAP_HEADER + data)


@pytest.mark.parametrize(
    ("kind", "quoted", "wanted"),
    [
        (3, ipv4(ESP, b"\0\0\1\0" + bytes(20)), Kind.TUNNEL_UNREACHABLE),
        (3, ipv4(UDP, struct.pack("!HHHH", 4500, 4500, 9, 0) + b"\xff"), Kind.TUNNEL_UNREACHABLE),
        (3, ipv4(UDP, struct.pack("!HHHH", 500, 500, 8, 0)), Kind.ICMP),
        (3, ipv4(UDP, struct.pack("!HHHH", 53, 53, 8, 0)), Kind.ICMP),
        (3, b"", Kind.ICMP),
        (11, ipv4(ESP, b"\0\0\1\0" + bytes(20)), Kind.ICMP),
    ],
)
def test_an_error_about_a_tunnel_is_told_from_other_icmp(kind: int, quoted: bytes, wanted: Kind) -> None:
    frame = bytes(12) + b"\x08\0" + ipv4(1, struct.pack("!BBHI", kind, 3, 0, 0) + quoted)
    assert dissect(EN10MB, frame, 0.0, len(frame)).kind is wanted
