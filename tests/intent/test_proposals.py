"""Which proposals each variant takes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from offnet.intent.proposals import (
    AEAD,
    BROKEN,
    CIPHERS,
    GROUPS,
    INTEGRITY,
    PRF,
    ModernEsp,
    ModernIke,
    PrintedEsp,
    PrintedIke,
)

RIGHT = [
    (PrintedIke, "des-sha1-modp1024"),
    (PrintedIke, "aes256-sha256-prfsha256-ecp256"),
    (ModernIke, "aes256gcm16-prfsha384-ecp384"),
    (ModernIke, "aes128-sha256-curve25519"),
    (PrintedEsp, "3des-md5"),
    (PrintedEsp, "aes128gcm16"),
    (ModernEsp, "aes128gcm16-ecp256"),
    (ModernEsp, "aes256-sha512"),
]
WRONG = [
    (PrintedIke, ""),
    (PrintedIke, "des"),
    (PrintedIke, "des-sha1"),
    (PrintedIke, "sha1-modp1024"),
    (PrintedIke, "aes128gcm16-prfsha256-ecp256"),
    (PrintedIke, "DES-sha1-modp1024"),
    (ModernIke, "aes256gcm16-ecp384"),
    (ModernIke, "aes256gcm16-sha384-prfsha384-ecp384"),
    (ModernIke, "aes256-sha1-modp2048"),
    (ModernEsp, "3des-sha256"),
    (ModernEsp, "aes128gcm16-modp1024"),
    (PrintedEsp, "aes128"),
    (PrintedEsp, "aes128gcm16-md5"),
    (PrintedEsp, "3des-md5-prfmd5"),
    (PrintedEsp, "3des--md5"),
]


@pytest.mark.parametrize(("kind", "proposal"), RIGHT)
def test_accepted(kind: Any, proposal: str) -> None:
    assert TypeAdapter(kind).validate_python(proposal) == proposal


@pytest.mark.parametrize(("kind", "proposal"), WRONG)
def test_refused(kind: Any, proposal: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(proposal)


@given(
    st.lists(st.sampled_from(CIPHERS + AEAD + INTEGRITY + PRF + GROUPS), min_size=1, max_size=4).map("-".join)
)
def test_what_modern_takes_has_nothing_broken(proposal: str) -> None:
    for kind in (ModernIke, ModernEsp):
        try:
            TypeAdapter(kind).validate_python(proposal)
        except ValidationError:
            continue
        assert not BROKEN & set(proposal.split("-"))
