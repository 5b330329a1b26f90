"""How much of an IP packet ESP takes, by proposal (RFC 4303 section 2; RFC 4106 and 3602 for ciphers)."""

from __future__ import annotations

from typing import NamedTuple

IP_HEADER, ESP_HEADER, ESP_TRAILER = 20, 8, 2
LEAST_ALIGNMENT = 4


class _Cipher(NamedTuple):
    """Bytes of the initialization vector, of the block that padding fills, and of its own check value."""

    vector: int
    block: int
    check: int = 0


_CIPHERS = {"des": _Cipher(8, 8), "3des": _Cipher(8, 8), "null": _Cipher(0, LEAST_ALIGNMENT)}
_CHECKS = {"md5": 12, "sha1": 12, "sha256": 16, "sha384": 24, "sha512": 32, "aesxcbc": 12, "aescmac": 12}
_COUNTER_MODES = ("gcm", "ccm", "chacha20poly1305")


def _cipher(keyword: str) -> _Cipher:
    if keyword in _CIPHERS:
        return _CIPHERS[keyword]
    if any(mode in keyword for mode in _COUNTER_MODES):
        return _Cipher(8, LEAST_ALIGNMENT, 16)
    return _Cipher(16, 16)


def transport_payload(proposal: str, mtu: int) -> int:
    """The largest payload of an IP packet that transport mode can protect within an MTU, in bytes."""
    first, *others = proposal.split("-")
    cipher = _cipher(first)
    check = cipher.check or next((_CHECKS[word] for word in others if word in _CHECKS), 0)
    room = mtu - IP_HEADER - ESP_HEADER - cipher.vector - check
    return room - room % cipher.block - ESP_TRAILER
