"""PE-PE tunnels: both ends are gateways that agree on IKE, and what fits into them is not too large."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from offnet.intent.finding import Finding
from offnet.intent.models import LabIntent
from offnet.intent.salvage import Scope
from offnet.network.esp import transport_payload
from offnet.network.model import Crypto

_PATH = ("provider", "protection", "pe-pe")
_OUTER_MTU, _GRE_HEADER = 1500, 4


def ends_are_gateways(scope: Scope) -> Iterator[Finding]:
    """A tunnel runs between the addresses of two gateways."""
    if scope.intent.provider.protection is None:
        return
    for index, link in enumerate(scope.intent.provider.links):
        for end in link.between:
            gateway = scope.intent.gateways.get(end)
            if scope.lacks("gateways", end) or (gateway is not None and None not in gateway.doors()):
                expected = f"two gateways: with pe-pe a link is a tunnel, and {end} has no one address for it"
                yield Finding(("provider", "links", index), expected)


def ike_agreed(scope: Scope) -> Iterator[Finding]:
    """Both ends of a tunnel have an IKE policy in common, in either variant."""
    gateways = scope.intent.gateways
    if scope.intent.provider.protection is None:
        return
    for index, link in enumerate(scope.intent.provider.links):
        if not all(end in gateways for end in link.between):
            continue
        one, other = (gateways[end].ike_policies for end in link.between)
        for crypto in Crypto:
            if not set(one.of(crypto)) & set(other.of(crypto)):
                expected = f"two gateways with an IKE policy in common ({crypto})"
                yield Finding(("provider", "links", index), expected)


def mtu_fits(scope: Scope) -> Iterator[Finding]:
    """What the tunnel lets in leaves as one packet: the kernel tells nobody of a labelled one too large."""
    protection = scope.intent.provider.protection
    if protection is None:
        return
    proposals = [text for crypto in Crypto for text in protection.pe_pe.esp.of(crypto)]
    largest = min(transport_payload(text, _OUTER_MTU) for text in proposals) - _GRE_HEADER
    if protection.pe_pe.mtu > largest:
        expected = (
            f"at most {largest}: GRE in ESP ({', '.join(proposals)}) takes the rest of {_OUTER_MTU} bytes, "
            "and a larger labelled packet vanishes without any ICMP error"
        )
        yield Finding((*_PATH, "mtu"), expected)


def tunnel_sessions_meshed(scope: Scope) -> Iterator[Finding]:
    """MP-BGP between tunnel addresses needs a tunnel between every two PEs."""
    protection = scope.intent.provider.protection
    if protection is None or protection.pe_pe.bgp != "tunnel" or not scope.whole("provider"):
        return
    apart = unjoined(scope.intent)
    if apart:
        expected = f"loopback or outside, or a link between {_and(apart)}: tunnel addresses reach no further"
        yield Finding((*_PATH, "bgp"), expected)


def mesh_warnings(intent: LabIntent) -> tuple[str, ...]:
    """What is allowed, and seldom meant: PEs whose traffic passes through another PE."""
    apart = unjoined(intent) if intent.provider.protection else []
    if not apart:
        return ()
    warning = f"the mesh of PE-PE tunnels is not full: no tunnel between {_and(apart)}; their traffic passes "
    return (f"{warning}through another PE, which decrypts it",)


def unjoined(intent: LabIntent) -> list[tuple[str, str]]:
    """Pairs of PEs without a link."""
    joined = {frozenset(link.between) for link in intent.provider.links}
    pes = [name for name, router in intent.provider.routers.items() if router.role == "pe"]
    return [pair for pair in combinations(pes, 2) if frozenset(pair) not in joined]


def _and(pairs: list[tuple[str, str]]) -> str:
    return ", ".join(f"{one} and {other}" for one, other in pairs)
