"""Proof 3 of overlays: the provider has the members' circuits in the VRF, and their LANs nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Any

from offnet.checks.claim import Claim, Verdict, verdict
from offnet.experiments.labels import stack_depth
from offnet.experiments.state import Routes, routes
from offnet.network.model import Network, Node, Overlay, Role, Vpn

DEFAULT = IPv4Network("0.0.0.0/0")


def claims(network: Network) -> Iterator[Claim[Any]]:
    """Per PE: the circuits of every overlay; per router: no LAN of any."""
    for overlay in network.overlays:
        for pe in network.role(Role.PE):
            if overlay.in_provider:
                yield _circuits(network, overlay, pe)
            yield _no_lans(network, overlay, pe)
        for router in network.role(Role.P):
            yield _no_member(network, overlay, router)


def _circuits(network: Network, overlay: Overlay, pe: Node) -> Claim[Routes]:
    subnets = ", ".join(str(subnet) for subnet in overlay.circuits.values())
    return Claim(
        3,
        f"{pe.name}: VRF {overlay.vpn} holds the circuits of {overlay.name}",
        f"{subnets}: its own are connected, the others VPNv4 routes with labels",
        routes,
        lambda state: judge_circuits(network, overlay, pe, state),
    )


def judge_circuits(network: Network, overlay: Overlay, pe: Node, state: Routes) -> Verdict:
    """Each circuit once in the VRF: connected at its PE, behind the right number of labels elsewhere."""
    table, mistakes = pe.default.vrf(overlay.vpn).table, []
    for member, subnet in overlay.circuits.items():
        origin = network.site(member).pe
        depth = 0 if origin == pe.name else stack_depth(network, pe.name, origin)
        found = [
            r for r in state.kernel[pe.name] if (r.table, r.prefix, r.kind) == (table, subnet, "unicast")
        ]
        depths = [len(hop.labels) for route in found for hop in route.hops]
        if depths != [depth]:
            mistakes.append(f"{subnet} of {member}: {len(found)} routes, labels {depths}, not {depth}")
    return verdict(mistakes, f"{len(overlay.circuits)} circuits")


def _lans(network: Network, overlay: Overlay) -> set[IPv4Network]:
    return {network.site(name).lan for name in overlay.sites}


def _no_lans(network: Network, overlay: Overlay, pe: Node) -> Claim[Routes]:
    vpn = network.vpn(overlay.vpn)
    others = [vrf.table for vrf in pe.default.vrfs if vrf.name != overlay.vpn]
    return Claim(
        3,
        f"{pe.name} knows no LAN of {overlay.name}",
        f"{', '.join(str(lan) for lan in sorted(_lans(network, overlay)))} in no table but those of other "
        f"VPNs, and in no VPNv4 route of {vpn.rd}",
        routes,
        lambda state: judge_no_lans(_lans(network, overlay), vpn, pe, others, state),
    )


def judge_no_lans(lans: set[IPv4Network], vpn: Vpn, pe: Node, others: list[int], state: Routes) -> Verdict:
    """No usable route into any of the LANs, in the VRF, in the global table or told by MP-BGP."""
    kernel = [
        f"{route.prefix} in table {route.table}"
        for route in state.kernel[pe.name]
        if route.table not in others and route.hops and _into(route.prefix, lans)
    ]
    told = [
        f"VPNv4 {path.rd} {path.prefix}"
        for path in state.vpn[pe.name]
        if path.rd == vpn.rd and _into(path.prefix, lans)
    ]
    return verdict(kernel + told, f"{len(state.kernel[pe.name])} routes, none into them")


def _no_member(network: Network, overlay: Overlay, router: Node) -> Claim[Routes]:
    hidden = _lans(network, overlay) | set(overlay.circuits.values())

    def judge(state: Routes) -> Verdict:
        found = [str(r.prefix) for r in state.kernel[router.name] if r.hops and _into(r.prefix, hidden)]
        return verdict(found, f"{len(state.kernel[router.name])} routes, none of {overlay.name}")

    return Claim(
        3,
        f"{router.name} knows nothing of {overlay.name}",
        "neither LANs nor circuits: it switches labels",
        routes,
        judge,
    )


def _into(prefix: IPv4Network, networks: set[IPv4Network]) -> bool:
    return prefix != DEFAULT and any(prefix.overlaps(network) for network in networks)
