"""Finding overlaps among many prefixes: sort, then one pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network
from typing import NamedTuple

from offnet.intent.document import KeyPath

_THIS_NETWORK, _LOOPBACK, _MULTICAST = 0, 127, 224


class Segment(NamedTuple):
    """A prefix, the key that says so, and whose it is."""

    prefix: IPv4Network
    path: KeyPath
    owner: str

    def __str__(self) -> str:
        return f"{self.prefix} of {self.owner}"


def overlaps(segments: Iterable[Segment]) -> Iterator[tuple[Segment, Segment]]:
    """Every segment that overlaps one before it, with that one; the later in the file comes first."""
    ordered = sorted(
        (int(one.prefix.network_address), one.prefix.prefixlen, order, one)
        for order, one in enumerate(segments)
    )
    widest: tuple[int, int, Segment] | None = None
    for start, length, order, one in ordered:
        end = start + (1 << (32 - length))
        if widest is not None and start < widest[0]:
            yield (one, widest[2]) if order > widest[1] else (widest[2], one)
        else:
            widest = (end, order, one)


UNICAST = "unicast addresses, not of 0/8, 127/8 or 224/3"


def is_unicast(prefix: IPv4Network) -> bool:
    """Whether hosts may have all of its addresses: not "this network", loopback, multicast or reserved."""
    first = prefix.network_address.packed[0]
    last = first | 0xFF >> min(prefix.prefixlen, 8)
    return first > _THIS_NETWORK and last < _MULTICAST and not first <= _LOOPBACK <= last
