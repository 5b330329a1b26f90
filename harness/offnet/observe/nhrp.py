"""NHRP's view of a router: whom nhrpd knows by which outer address, and how."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

from offnet.observe.frr import query
from offnet.observe.question import Question


@dataclass(frozen=True, slots=True)
class NhrpEntry:
    """An address of a cloud with the outer (NBMA) address that it is reached by.

    ``kind`` is FRR's word: ``dynamic`` for who registered or was resolved, ``nhs`` for the server,
    ``local`` for oneself, ``incomplete`` and ``negative`` for who is not known.
    """

    interface: str
    kind: str
    address: IPv4Address
    nbma: IPv4Address | None


def cache(context: str = "") -> Question[tuple[NhrpEntry, ...]]:
    """The question for all that nhrpd knows, in the first routing context or in another one."""
    return query("nhrpd", "show ip nhrp cache json", entries, context)


def entries(data: Any) -> tuple[NhrpEntry, ...]:
    """The entries of ``show ip nhrp cache json``."""
    return tuple(
        NhrpEntry(one["interface"], one["type"], IPv4Address(one["protocol"]), _address(one["nbma"]))
        for one in data.get("table", ())
    )


def _address(text: str) -> IPv4Address | None:
    return None if text in ("-", "", "(unspec)") else IPv4Address(text)
