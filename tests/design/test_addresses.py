from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv4Network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offnet.design.addresses import far_end, with_length

interfaces = st.builds(
    lambda address, length: IPv4Interface((address, length)),
    st.integers(min_value=1 << 24, max_value=(224 << 24) - 1),
    st.integers(min_value=8, max_value=31),
)


def _is_host(interface: IPv4Interface) -> bool:
    network = interface.network
    ends = (network.network_address, network.broadcast_address)
    return network.prefixlen == 31 or interface.ip not in ends


@settings(deadline=None)
@given(interfaces.filter(_is_host))
def test_the_far_end_is_another_host_of_the_subnet(own: IPv4Interface) -> None:
    other = far_end(own)
    assert other != own.ip
    assert other in own.network
    assert _is_host(with_length(other, own.network.prefixlen))


@pytest.mark.parametrize(
    ("own", "other"),
    [
        ("198.51.100.2/30", "198.51.100.1"),
        ("198.51.100.1/30", "198.51.100.2"),
        ("198.51.100.4/31", "198.51.100.5"),
        ("198.51.100.5/31", "198.51.100.4"),
        ("198.51.100.9/29", "198.51.100.10"),
        ("198.51.100.200/24", "198.51.100.1"),
    ],
)
def test_the_far_end_is_the_first_that_is_free(own: str, other: str) -> None:
    assert far_end(IPv4Interface(own)) == IPv4Address(other)


@settings(deadline=None)
@given(interfaces)
def test_with_length_keeps_address_and_length(own: IPv4Interface) -> None:
    assert with_length(own.ip, own.network.prefixlen) == own
    assert with_length(own.ip, 32).network == IPv4Network(own.ip)
