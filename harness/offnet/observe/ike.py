"""The header of IKE messages (RFC 2408 section 3.1, RFC 7296 section 3.1), read off the wire."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from offnet.observe.errors import PacketError

HEADER = struct.Struct("!8s8sBBBBII")
PAYLOAD_HEADER = struct.Struct("!BBH")
EXCHANGES = {
    2: "MAIN_MODE",
    4: "AGGRESSIVE_MODE",
    5: "INFORMATIONAL_V1",
    6: "TRANSACTION",
    32: "QUICK_MODE",
    34: "IKE_SA_INIT",
    35: "IKE_AUTH",
    36: "CREATE_CHILD_SA",
    37: "INFORMATIONAL",
}
PAYLOADS_V1 = {
    1: "SA", 4: "KE", 5: "ID", 6: "CERT", 7: "CR", 8: "HASH", 9: "SIG", 10: "NONCE", 11: "N", 12: "D",
    13: "VID", 14: "ATTR", 15: "NAT-D", 20: "NAT-D", 130: "NAT-D", 132: "FRAGMENT",
}  # fmt: skip
PAYLOADS_V2 = {
    33: "SA", 34: "KE", 35: "IDi", 36: "IDr", 37: "CERT", 38: "CERTREQ", 39: "AUTH", 40: "NONCE", 41: "N",
    42: "D", 43: "VID", 44: "TSi", 45: "TSr", 46: "SK", 47: "CP", 48: "EAP", 53: "SKF",
}  # fmt: skip
SK, SKF = 46, 53
FLAG_ENCRYPTED_V1 = 0x01
FLAG_RESPONSE_V2 = 0x20


@dataclass(frozen=True, slots=True)
class IkeMessage:
    """One IKE message. ``payloads`` holds names of what can be read without keys.

    ``response`` has a meaning in IKEv2 only: IKEv1 messages do not say who asks.
    """

    version: int
    exchange: str
    initiator_spi: int
    responder_spi: int
    message_id: int
    encrypted: bool
    response: bool
    next_payload: int
    flags: int
    payloads: tuple[str, ...]


def parse_ike(data: bytes) -> IkeMessage:
    """The message in a UDP payload (after the non-ESP marker on port 4500); PacketError if it is none."""
    if len(data) < HEADER.size:
        raise PacketError(f"IKE message of {len(data)} bytes is shorter than its header")
    spi_i, spi_r, following, version, exchange, flags, message_id, length = HEADER.unpack_from(data)
    major = version >> 4
    if major not in {1, 2}:
        raise PacketError(f"IKE version {major}")
    if length < HEADER.size:
        raise PacketError(f"IKE message claims a length of {length}")
    encrypted = bool(flags & FLAG_ENCRYPTED_V1) if major == 1 else following in {SK, SKF}
    return IkeMessage(
        version=major,
        exchange=EXCHANGES.get(exchange, f"exchange {exchange}"),
        initiator_spi=int.from_bytes(spi_i, "big"),
        responder_spi=int.from_bytes(spi_r, "big"),
        message_id=message_id,
        encrypted=encrypted,
        response=major == 2 and bool(flags & FLAG_RESPONSE_V2),  # noqa: PLR2004
        next_payload=following,
        flags=flags,
        payloads=() if encrypted and major == 1 else _payloads(data[:length], following, major),
    )


def _payloads(data: bytes, following: int, major: int) -> tuple[str, ...]:
    """Names along the chain of payloads, as far as it goes; the encrypted one ends it."""
    names = PAYLOADS_V1 if major == 1 else PAYLOADS_V2
    found: list[str] = []
    offset = HEADER.size
    while following and offset + PAYLOAD_HEADER.size <= len(data):
        found.append(names.get(following, str(following)))
        if following in {SK, SKF}:
            break
        following, _, size = PAYLOAD_HEADER.unpack_from(data, offset)
        if size < PAYLOAD_HEADER.size:
            break
        offset += size
    return tuple(found)
