"""The addresses inside a site's LAN: the router, the host that other VPNs have too, the marker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from offnet.design.addresses import with_length
from offnet.design.allocate import collisions, slot
from offnet.intent.finding import Finding
from offnet.intent.lan import host_address, router_address
from offnet.intent.models import LabIntent

LAN = "lan"  # the interface of a site's router that stands for its hosts


@dataclass(frozen=True, slots=True)
class Lan:
    """The resolved addresses of one site's LAN."""

    prefix: IPv4Network
    router: IPv4Address
    host: IPv4Address
    marker: IPv4Address

    def interface(self, *addresses: IPv4Address) -> tuple[IPv4Interface, ...]:
        """These addresses with the LAN's prefix length."""
        return tuple(with_length(address, self.prefix.prefixlen) for address in addresses)


def lans(intent: LabIntent) -> dict[str, Lan]:
    """The LAN of every site."""
    return {name: _lan(name, site.lan, site.marker) for name, site in intent.sites.items()}


def markers_that_meet(resolved: dict[str, Lan]) -> Iterator[Finding]:
    """Markers that another site has: as its marker, or (where LANs of other VPNs overlap) as its host."""
    for one, other in collisions(_owners(resolved)):
        expected = f"an address that no other site has, {other} has this one: set `marker` by hand"
        yield Finding(("sites", one, "marker"), expected, str(resolved[one].marker))


def _owners(resolved: dict[str, Lan]) -> Iterator[tuple[str, int]]:
    """Who has which address: hosts and routers first (they may be shared), then the markers, by site."""
    shared = {int(address): name for name, lan in resolved.items() for address in (lan.router, lan.host)}
    yield from ((f"the LAN of {name}", address) for address, name in shared.items())
    yield from ((name, int(lan.marker)) for name, lan in resolved.items())


def _lan(name: str, prefix: IPv4Network, marker: IPv4Address | None) -> Lan:
    host = host_address(prefix)
    return Lan(prefix, router_address(prefix), host, marker or _allocated_marker(name, prefix, host))


def _allocated_marker(name: str, prefix: IPv4Network, host: IPv4Address) -> IPv4Address:
    """A host of the LAN's upper half, where people number nothing by hand."""
    upper_half = prefix.num_addresses // 2
    marker = prefix[upper_half + slot(name, upper_half - 1)]
    return marker if marker != host else marker + 1  # in a /28 the host .10 is in the upper half too
