"""The labels on the way between two PEs, each asked of the router that knows it."""

from __future__ import annotations

from offnet.experiments.bench import Bench
from offnet.network.model import Network, Node, Site
from offnet.observe import frr, kernel
from offnet.observe.errors import ObserveError
from offnet.observe.frr_model import BgpRoute
from offnet.observe.question import ask


def stack_depth(network: Network, at: str, toward: str) -> int:
    """How many labels a PE imposes toward another: neighbours leave LDP's out (RFC 3031, 3.16)."""
    return 1 if network.adjacent(at, toward) else 2


def vpn_route(bench: Bench, at: Node, site: Site) -> BgpRoute:
    """The VPNv4 route to a site as a PE has it; ObserveError when there is not exactly one."""
    rd = bench.network.vpn(site.vpn).rd
    paths = ask(bench.lab, at.name, frr.VPN_ROUTES)
    found = [path for path in paths if (path.rd, path.prefix) == (rd, site.lan)]
    if len(found) != 1:
        raise ObserveError(f"{at.name} has {len(found)} VPNv4 routes {rd} {site.lan}")
    return found[0]


def ldp_label(bench: Bench, at: Node, toward: Node) -> int:
    """The label that the neighbour in use has given a router for another router's loopback."""
    bindings = ask(bench.lab, at.name, frr.LDP_BINDINGS)
    wanted = [entry for entry in bindings if entry.prefix.network_address == toward.loopback and entry.in_use]
    labels = [entry.remote_label for entry in wanted if entry.remote_label is not None]
    if len(labels) != 1:
        raise ObserveError(f"{at.name} has {len(labels)} LDP labels in use for {toward.loopback}")
    return labels[0]


def imposed(bench: Bench, at: Node, site: Site) -> tuple[int, ...]:
    """The labels that a PE's kernel puts on packets of the VRF to a site, outermost first."""
    table = at.default.vrf(site.vpn).table
    routes = ask(bench.lab, at.name, kernel.vrf_routes(table))
    stacks = [hop.labels for route in routes if route.prefix == site.lan for hop in route.hops]
    if len(stacks) != 1:
        raise ObserveError(f"{at.name} has {len(stacks)} ways to {site.lan} in table {table}")
    return stacks[0]
