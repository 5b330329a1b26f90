"""Which addresses of a LAN are taken by convention; the rules and the design share it."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

LONGEST_LAN = 29
_SHORT_LAN = 28


def router_address(lan: IPv4Network) -> IPv4Address:
    """The first host: the router of the LAN, or the PE's end of the circuit."""
    return lan[1]


def host_address(lan: IPv4Network) -> IPv4Address:
    """The host that sites of other VPNs may have as well: .10, in LANs smaller than a /28 the second host."""
    return lan[10] if lan.prefixlen <= _SHORT_LAN else lan[2]
