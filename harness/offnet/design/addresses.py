"""Addresses with their prefix length, and the other end of a subnet."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface

POINT_TO_POINT = 31  # RFC 3021: both addresses are hosts


def with_length(address: IPv4Address, length: int) -> IPv4Interface:
    """The address with a prefix length, as an interface has it."""
    # As a number: of an address object ipaddress makes text first, and then parses it.
    return IPv4Interface((int(address), length))


def far_end(own: IPv4Interface) -> IPv4Address:
    """The first host of an interface's subnet that is not the interface itself."""
    network = own.network
    first = network[0] if network.prefixlen == POINT_TO_POINT else network[1]
    return first if first != own.ip else first + 1
