"""Overlays: members of one VPN, at circuits of PEs whose VRF keeps them apart from everything else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from offnet.intent.finding import Finding
from offnet.intent.models import OnNetSite, Overlay, OverlaySite
from offnet.intent.overlays import Across
from offnet.intent.rules.names import one_of, pe_of
from offnet.intent.rules.segments import Segment, overlaps
from offnet.intent.salvage import Scope

FEWEST = 2


def _members(scope: Scope) -> Iterator[tuple[str, OverlaySite, Overlay]]:
    """Every site of an overlay that exists, with it."""
    for name, site in scope.intent.sites.items():
        if isinstance(site, OverlaySite) and site.overlay.mesh in scope.intent.overlays:
            yield name, site, scope.intent.overlays[site.overlay.mesh]


def overlay_exists(scope: Scope) -> Iterator[Finding]:
    """A site belongs to an overlay of this lab, and an overlay to a VPN of it."""
    overlays, vpns = scope.intent.overlays, scope.intent.vpns
    for name, site in scope.intent.sites.items():
        if isinstance(site, OverlaySite) and scope.lacks("overlays", site.overlay.mesh):
            expected = one_of(site.overlay.mesh, overlays, "an overlay of this lab")
            yield Finding(("sites", name, "overlay", "mesh"), expected)
    for name, overlay in overlays.items():
        if scope.lacks("vpns", overlay.vpn):
            yield Finding(("overlays", name, "vpn"), one_of(overlay.vpn, vpns, "a VPN of this lab"))


def same_vpn(scope: Scope) -> Iterator[Finding]:
    """An overlay connects the sites of one VPN."""
    for name, site, overlay in _members(scope):
        if site.vpn != overlay.vpn:
            see = ("overlays", site.overlay.mesh, "vpn")
            expected = f"{overlay.vpn}, the VPN of overlay {site.overlay.mesh}"
            yield Finding(("sites", name, "vpn"), expected, see=see)


def enough_members(scope: Scope) -> Iterator[Finding]:
    """A tunnel needs two ends."""
    if scope.whole("sites"):
        count = Counter(site.overlay.mesh for _, site, _ in _members(scope))
        for name in scope.intent.overlays:
            if count[name] < FEWEST:
                expected = f"at least {FEWEST} sites that belong to it; there are {count[name]}"
                yield Finding(("overlays", name), expected)


def member_pe(scope: Scope) -> Iterator[Finding]:
    """A member of an overlay across the provider is on a circuit of a PE."""
    for name, site, overlay in _members(scope):
        path = ("sites", name, "overlay", "pe")
        if site.overlay.pe is not None:
            yield from pe_of(scope, site.overlay.pe, path)
        elif overlay.across is Across.PROVIDER:
            see = ("overlays", site.overlay.mesh, "across")
            yield Finding(path, "a PE: the overlay crosses the provider", see=see)


def circuits_apart(scope: Scope) -> Iterator[Finding]:
    """In a VRF, the circuits of an overlay lie beside the LANs of on-net sites; a router has its own LAN."""
    by_vpn: dict[str, list[Segment]] = {}
    for name, site, _ in _members(scope):
        path = ("sites", name, "overlay", "address")
        owner = f"the circuit of {name}"
        by_vpn.setdefault(site.vpn, []).append(Segment(site.overlay.address.network, path, owner))
    for vpn, circuits in by_vpn.items():
        own = {circuit.path for circuit in circuits}
        lans = [
            Segment(site.lan, ("sites", name, "lan"), name)
            for name, site in scope.intent.sites.items()
            if site.vpn == vpn and isinstance(site, OnNetSite | OverlaySite)
        ]
        for one, other in overlaps([*lans, *circuits]):
            if (one.path in own) != (other.path in own):
                yield Finding(one.path, f"a prefix apart from {other} in the same VPN {vpn}", see=other.path)


def dead_after_overlay_probes(scope: Scope) -> Iterator[Finding]:
    """A peer is not dead before it has been probed."""
    for name, overlay in scope.intent.overlays.items():
        if overlay.dpd.timeout <= overlay.dpd.delay:
            expected = f"more seconds than the delay of {overlay.dpd.delay}"
            yield Finding(("overlays", name, "dpd", "timeout"), expected, value=str(overlay.dpd.timeout))
