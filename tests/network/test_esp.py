"""How much of a packet ESP leaves."""

from __future__ import annotations

import pytest

from offnet.network.esp import transport_payload

# Vector, block and check value of each proposal (RFCs 2403, 2404, 2405, 2451, 3602, 4106, 4868, 7634).
PROPOSALS = {
    "des-md5": (8, 8, 12),
    "3des-sha1-modp1024": (8, 8, 12),
    "aes128-sha1": (16, 16, 12),
    "aes256-sha256-ecp256": (16, 16, 16),
    "aes256-sha512": (16, 16, 32),
    "aes128gcm16-ecp256": (8, 4, 16),
    "chacha20poly1305": (8, 4, 16),
}


def protected_length(payload: int, vector: int, block: int, icv: int) -> int:
    """The IPv4 packet with ESP in transport mode (RFC 4303, 2.4: padded to whole blocks)."""
    return 20 + 8 + vector + -(-(payload + 2) // block) * block + icv


@pytest.mark.parametrize("mtu", [1280, 1500, 9000])
@pytest.mark.parametrize("proposal", PROPOSALS)
def test_the_payload_is_the_largest_that_fits(proposal: str, mtu: int) -> None:
    largest = transport_payload(proposal, mtu)
    sizes = PROPOSALS[proposal]
    assert protected_length(largest, *sizes) <= mtu < protected_length(largest + 1, *sizes)
