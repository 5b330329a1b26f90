"""The passive look: SAs of every charon, routes and labels of every router."""

from __future__ import annotations

from dataclasses import dataclass

from offnet.experiments.bench import Bench, gather
from offnet.network.model import Role
from offnet.observe import frr, kernel
from offnet.observe.frr_model import BgpRoute, LabelEntry
from offnet.observe.kernel_model import InterfaceState, KernelRoute, XfrmState
from offnet.observe.places import ask_at, place
from offnet.observe.question import ask
from offnet.observe.vici_model import IkeSa

Tunnels = dict[str, tuple[InterfaceState, ...]]
"""Interfaces of the places that GRE tunnels end on, and of the nodes that these are of."""


@dataclass(frozen=True, slots=True)
class Sas:
    """What each charon says of its SAs, and each kernel of its SADB, by node."""

    ike: dict[str, tuple[IkeSa, ...]]
    kernel: dict[str, tuple[XfrmState, ...]]


@dataclass(frozen=True, slots=True)
class Routes:
    """Kernel routes of routers and of sites that learn routes, VPNv4 routes and labels of PEs, by node."""

    kernel: dict[str, tuple[KernelRoute, ...]]
    vpn: dict[str, tuple[BgpRoute, ...]]
    labels: dict[str, tuple[LabelEntry, ...]]


def sas(bench: Bench) -> Sas:
    """Every SA of the lab as both its charon and its kernel have it."""
    nodes = [node.name for node in bench.network.nodes if node.ike]
    return Sas(
        ike=gather(nodes, lambda node: bench.vici(node).list_sas()),
        kernel=gather(nodes, lambda node: ask(bench.lab, node, kernel.XFRM_STATES)),
    )


def tunnels(bench: Bench) -> Tunnels:
    """The interfaces at both ends of every GRE tunnel."""
    ends = [
        (tunnel.gateway, place(tunnel.gateway, tunnel.gre.cloud), site.node)
        for site, tunnel in bench.network.tunnels()
        if tunnel.gre
    ]
    places = dict.fromkeys(where for group in ends for where in group)
    return gather(places, lambda where: ask_at(bench.lab, where, kernel.INTERFACES))


def routes(bench: Bench) -> Routes:
    """Every route of the provider, and of sites that learn routes: what is forwarded, what MP-BGP tells."""
    routers = [node.name for node in bench.network.role(Role.PE, Role.P)]
    routers += [site.node for site, tunnel in bench.network.tunnels() if tunnel.gre]
    routers += [site.node for site, _ in bench.network.circuits()]
    pes = [node.name for node in bench.network.role(Role.PE) if node.default.bgp]
    return Routes(
        kernel=gather(routers, lambda node: ask(bench.lab, node, kernel.ROUTES)),
        vpn=gather(pes, lambda node: ask(bench.lab, node, frr.VPN_ROUTES)),
        labels=gather(pes, lambda node: ask(bench.lab, node, frr.MPLS_TABLE)),
    )
