"""Packets as a capture shows them: who to whom, and what kind of traffic it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from offnet.observe.ike import IkeMessage


class Kind(StrEnum):
    """What a packet is, as far as the wire proof must know."""

    ESP = "esp"
    ESP_IN_UDP = "esp-in-udp"
    IKE = "ike"
    NAT_KEEPALIVE = "nat-keepalive"
    TUNNEL_UNREACHABLE = "tunnel-unreachable"  # an ICMP error that quotes IKE or ESP
    ARP = "arp"
    ND = "nd"
    MLD = "mld"
    ICMP = "icmp"
    GRE = "gre"
    OTHER = "other"


class Direction(StrEnum):
    """Whether a packet was received or sent by the node that captured it."""

    IN = "in"
    OUT = "out"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Packet:
    """One captured packet. Fields that its protocol lacks are None.

    ``labels`` is the MPLS stack, outermost first, ``traffic_classes`` what each of them bears beside its
    number (RFC 5462); ``vlan`` the outermost 802.1Q tag. ``payload`` is
    what follows the last header that was read (after the UDP header, or after that of IP).
    ``interface`` is a name where the capture knows it, and otherwise the number as text.
    """

    time: float
    length: int
    kind: Kind
    ethertype: int
    interface: str = ""
    direction: Direction = Direction.UNKNOWN
    vlan: int | None = None
    labels: tuple[int, ...] = ()
    traffic_classes: tuple[int, ...] = ()
    source: str | None = None
    destination: str | None = None
    protocol: int | None = None
    source_port: int | None = None
    destination_port: int | None = None
    spi: int | None = None
    sequence: int | None = None
    icmp_type: int | None = None
    icmp_id: int | None = None
    dscp: int | None = None
    fragment: bool = False
    ike: IkeMessage | None = None
    payload: bytes = b""

    def __str__(self) -> str:
        """One line for a report: time, kind, addresses, and what tells it apart."""
        details = [
            f"spi 0x{self.spi:08x}" if self.spi is not None else "",
            f"{self.ike.exchange} id {self.ike.message_id:#x}" if self.ike else "",
            f"labels {'/'.join(map(str, self.labels))}" if self.labels else "",
            f"ethertype 0x{self.ethertype:04x}" if self.source is None else "",
            f"protocol {self.protocol}" if self.kind is Kind.OTHER and self.protocol is not None else "",
        ]
        addresses = f"{self.source} > {self.destination}" if self.source else ""
        place = f"{self.interface} {self.direction}".strip()
        return " ".join(part for part in (place, self.kind, addresses, *details) if part)
