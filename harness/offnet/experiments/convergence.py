"""Waits until the lab is what its intent says, and tells which hop is missing when it is not."""

from __future__ import annotations

from functools import partial

from offnet.experiments.labels import stack_depth
from offnet.experiments.overlays import await_overlays
from offnet.experiments.presence import POLL, await_route, follow
from offnet.experiments.subjects import learned, places, routed
from offnet.network.model import EdgeProtocol, Network, Node, Role, Site, Tunnel
from offnet.observe import frr, kernel
from offnet.observe.kernel_model import MAIN_TABLE
from offnet.observe.question import ask
from offnet.observe.vici import Vici
from offnet.observe.vici_model import sas_of
from offnet.render.frr import daemons
from offnet.runtime.base import RunningLab
from offnet.wait import Deadline, until

CONVERGENCE_DEADLINE = 60.0


def converge(network: Network, lab: RunningLab, seconds: float = CONVERGENCE_DEADLINE) -> None:
    """Returns once every PE's kernel reaches every site of its VRFs; DeadlineExpired tells the first gap."""
    limit = Deadline(seconds)
    for place, site in _wanted(network):
        await_route(
            lab,
            place,
            site.lan,
            wanted=True,
            limit=limit,
            seen=lambda: "; ".join(diagnose(network, lab)),
        )
    for pe in network.role(Role.PE):
        follow(
            lab,
            pe.name,
            partial(_labelled, network, lab, pe),
            concerns=" mpls ",
            limit=limit,
            what=f"all labels of the remote sites imposed by {pe.name}",
            seen=lambda: "; ".join(diagnose(network, lab)),
        )
    await_overlays(network, lab, limit)
    for site, tunnel in network.tunnels():
        if tunnel.rri != "dynamic":  # elsewhere the route tells that the SA is there
            _await_sa(lab, site, tunnel, limit)


def _wanted(network: Network) -> list[tuple[tuple[str, int], Site]]:
    """Where each site's prefix must come to be a usable route; a site without reverse route is nowhere."""
    wanted = [(place, site) for site in network.sites if routed(site) for place in places(network, site)]
    order = [node.name for node in network.nodes]
    in_order = sorted(wanted, key=lambda one: order.index(one[0][0]))
    return in_order + [
        ((site.node, MAIN_TABLE), other) for site in network.sites for other in learned(network, site)
    ]


def _labelled(network: Network, lab: RunningLab, pe: Node) -> bool:
    """Whether a PE imposes all labels: a route that comes before LDP has the VPN label alone at first."""
    depths = {
        (route.table, route.prefix, len(hop.labels))
        for route in ask(lab, pe.name, kernel.ROUTES)
        for hop in route.hops
    }
    remote = [site for site in network.sites if routed(site) and site.pe != pe.name]
    wanted = {
        (pe.default.vrf(site.vpn).table, site.lan, stack_depth(network, pe.name, site.pe)) for site in remote
    }
    return wanted <= depths


def _await_sa(lab: RunningLab, site: Site, tunnel: Tunnel, limit: Deadline) -> None:
    with Vici(lab, tunnel.gateway) as gateway:
        until(
            lambda: any(
                sa.current_children for sa in sas_of(tunnel, gateway.list_sas(tunnel.gateway_connection))
            ),
            what=f"an SA of {site.name} at {tunnel.gateway}",
            deadline=limit,
            interval=POLL,
        )


def diagnose(network: Network, lab: RunningLab) -> list[str]:
    """What is not up, from the core outward: OSPF, LDP, BGP."""
    found = []
    for node in (node for node in network.nodes if daemons(node)):
        adjacencies = _adjacencies(node)
        if adjacencies:
            full = sum(neighbor.full for neighbor in ask(lab, node.name, frr.OSPF_VRF_NEIGHBORS))
            if full != adjacencies:
                found.append(f"{node.name}: {full} of {adjacencies} OSPF neighbours full")
        if node.default.ldp:
            sessions = len(node.default.ldp.peers)
            up = sum(neighbor.operational for neighbor in ask(lab, node.name, frr.LDP_NEIGHBORS))
            if up != sessions:
                found.append(f"{node.name}: {up} of {sessions} LDP sessions operational")
        if node.default.bgp:
            found += [
                f"{node.name}: BGP with {peer.address} is {peer.state}"
                for peer in ask(lab, node.name, frr.VPN_PEERS)
                if not peer.established
            ]
    return found or ["OSPF, LDP and BGP are up: look at the SAs (`offnet show LAB sa`) and the agent's log"]


def _adjacencies(node: Node) -> int:
    """How many OSPF neighbours a router has, in all of its VRFs."""
    ospf = node.default.ospf
    own = len(ospf.interfaces) - len(ospf.passive) if ospf else 0
    return own + sum(edge.protocol is EdgeProtocol.OSPF for edge in node.default.edges)
