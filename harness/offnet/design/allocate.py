"""Numbers as a function of a pool and a stable name: adding a name renumbers nobody.

A name's slot is a hash of the name alone. Two names that meet in one slot are reported, with
the key that sets the value by hand; moving one of them silently would renumber it as soon as
the other comes or goes.
"""

from __future__ import annotations

from base64 import b32hexencode
from collections.abc import Hashable, Iterable
from hashlib import sha256

MAX_INTERFACE_NAME = 15  # IFNAMSIZ less the closing NUL
# Six characters of base 32: two of 1,000 long names that begin alike meet once in 2,000 labs.
HASH_CHARACTERS = 6


def slot(name: str, size: int) -> int:
    """The slot of a name in a pool of ``size`` slots, 0 <= slot < size."""
    return int.from_bytes(sha256(name.encode()).digest()[:8]) % size


def collisions(slots: Iterable[tuple[str, Hashable]]) -> tuple[tuple[str, str], ...]:
    """Pairs of names that share a slot, in the order given: (the later one, the one that had it)."""
    owner: dict[Hashable, str] = {}
    found = []
    for name, taken in slots:
        other = owner.setdefault(taken, name)
        if other != name:
            found.append((name, other))
    return tuple(found)


def interface_name(peer: str) -> str:
    """The name of the interface toward ``peer``: its name, which a hash shortens to the kernel's 15."""
    if len(peer) <= MAX_INTERFACE_NAME:
        return peer
    tail = b32hexencode(sha256(peer.encode()).digest()).decode().lower()[:HASH_CHARACTERS]
    return f"{peer[: MAX_INTERFACE_NAME - HASH_CHARACTERS - 1]}-{tail}"
