"""Proof 3: reverse routes in the VRF, as VPNv4 routes with a label elsewhere, and nowhere else."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from offnet.checks.claim import Claim, Verdict, verdict
from offnet.experiments.labels import stack_depth
from offnet.experiments.state import Routes, routes
from offnet.experiments.subjects import learned, learners, routed
from offnet.network.model import Circuit, GreTunnel, Handover, Network, Node, Role, Site, Tunnel, Vpn
from offnet.observe.frr_model import BgpRoute
from offnet.observe.kernel_model import MAIN_TABLE, KernelRoute
from offnet.render.agent import REVERSE_ROUTE_PROTOCOL

FIRST_LABEL = 16  # below are the reserved ones (RFC 3032)
DEFAULT = IPv4Network("0.0.0.0/0")


def claims(network: Network) -> Iterator[Claim[Any]]:
    """Where each site's prefix must be, and where no prefix of a site may be."""
    for site, tunnel in network.tunnels():
        if tunnel.gre:
            yield from _by_routing(network, site, tunnel, tunnel.gre)
        else:
            yield _injected(network, site, tunnel) if routed(site) else _not_injected(network, site)
    for site in network.sites:
        for pe in network.role(Role.PE):
            if pe.name != site.pe and routed(site):
                yield _distributed(network, site, pe)
    yield from _on_circuits(network)
    for router in network.role(Role.P):
        yield _p_router(network, router)
    for pe in network.role(Role.PE):
        if pe.default.bgp:
            yield from (_twins(network, prefix, pe) for prefix in _shared_prefixes(network))
        if any(network.tunnels()):
            yield _no_peer_routes(network, pe)


def _injected(network: Network, site: Site, tunnel: Tunnel) -> Claim[Routes]:
    vrf = network.node(tunnel.gateway).default.vrf(tunnel.vrf)
    interface = f"ipsec{vrf.if_id}"

    def judge(state: Routes) -> Verdict:
        found = _in_table(state.kernel[tunnel.gateway], vrf.table, site.lan)
        own = [route for route in found if route.protocol == str(REVERSE_ROUTE_PROTOCOL)]
        right = [route for route in own if [hop.interface for hop in route.hops] == [interface]]
        return Verdict(len(found) == len(right) == 1, _routes_text(found))

    return Claim(
        3,
        f"{site.name}: reverse route in VRF {vrf.name} of {tunnel.gateway}",
        f"{site.lan} by {interface} in table {vrf.table}, by the agent (protocol {REVERSE_ROUTE_PROTOCOL})",
        routes,
        judge,
    )


def _by_routing(network: Network, site: Site, tunnel: Tunnel, gre: GreTunnel) -> Iterator[Claim[Routes]]:
    """What routing over a GRE tunnel brings: the site's LAN to its aggregator, its VPN's to the site."""
    table, way = network.node(tunnel.gateway).default.vrf(tunnel.vrf).table, gre.in_vrf
    yield Claim(
        3,
        f"{site.name}: {site.lan} in VRF {tunnel.vrf} of {tunnel.gateway} by {gre.routing}",
        f"via {way.neighbor} by {way.interface} in table {table}",
        routes,
        lambda state: judge_learned({site.lan: [_way(way)]}, state.kernel[tunnel.gateway], table, _way(way)),
    )
    hub = Handover(gre.site_interface, gre.gateway_inside.ip, gre.routing)
    wanted = {other.lan: [_way(hub), *_shortcut(network, gre, other)] for other in learned(network, site)}
    if wanted:
        yield Claim(
            3,
            f"{site.name}: learns the prefixes of its VPN by {gre.routing}",
            f"{', '.join(str(lan) for lan in sorted(wanted))} via {hub.neighbor} by {hub.interface}",
            routes,
            lambda state: judge_learned(wanted, state.kernel[site.node], MAIN_TABLE, _way(hub)),
        )


Way = tuple[str, IPv4Address, str]
"""What the kernel calls the protocol of a route, the next hop, the interface."""


def _way(one: Handover) -> Way:
    return one.protocol.kernel_name, one.neighbor, one.interface


def _shortcut(network: Network, gre: GreTunnel, other: Site) -> Iterator[Way]:
    """The direct way to another spoke, which NHRP may have brought in place of that by the hub."""
    far = other.tunnel.gre if other.tunnel else None
    if far and gre.cloud and far.cloud == gre.cloud and network.cloud(gre.cloud).nhrp.shortcuts:
        yield "nhrp", far.site_inside.ip, gre.site_interface


def judge_learned(
    wanted: Mapping[IPv4Network, Collection[Way]], found: tuple[KernelRoute, ...], table: int, by: Way
) -> Verdict:
    """Each prefix is there once, by one of the ways that it may take; ``by`` is the one that is told of."""
    mistakes = []
    for prefix, ways in sorted(wanted.items()):
        here = _in_table(found, table, prefix)
        seen = [(route.protocol, hop.via, hop.interface) for route in here for hop in route.hops]
        if len(here) != 1 or len(seen) != 1 or seen[0] not in ways:
            mistakes.append(f"{prefix}: {_routes_text(here)}")
    return verdict(mistakes, f"{len(wanted)} prefixes via {by[1]} dev {by[2]}")


def _not_injected(network: Network, site: Site) -> Claim[Routes]:
    rd = network.vpn(site.vpn).rd
    tables = {pe.name: pe.default.vrf(site.vpn).table for pe in network.role(Role.PE)}

    def judge(state: Routes) -> Verdict:
        texts = [
            f"{name}: {_routes_text(found)}"
            for name, table in tables.items()
            if (found := _in_table(state.kernel[name], table, site.lan))
        ]
        texts += [
            f"{name}: VPNv4 {rd} {site.lan}"
            for name, paths in state.vpn.items()
            if any((path.rd, path.prefix) == (rd, site.lan) for path in paths)
        ]
        return verdict(texts, f"no route at {' and '.join(tables)}")

    return Claim(
        3,
        f"{site.name}: no reverse route anywhere (rri: off)",
        f"{site.lan} in VRF {site.vpn} of no PE and in no VPNv4 route",
        routes,
        judge,
    )


def _distributed(network: Network, site: Site, pe: Node) -> Claim[Routes]:
    vpn, origin = network.vpn(site.vpn), network.node(site.pe)
    imposed = stack_depth(network, pe.name, origin.name)
    next_hop = _next_hop(origin, pe)
    return Claim(
        3,
        f"{site.name}: VPNv4 route {vpn.rd} {site.lan} at {pe.name}, imposed with {imposed} label(s)",
        f"from {next_hop} with {', '.join(vpn.rt_export)}; in VRF {vpn.name} its VPN label comes last",
        routes,
        lambda state: judge_distributed(site, vpn, origin, pe, imposed=imposed, state=state),
    )


def judge_distributed(
    site: Site, vpn: Vpn, origin: Node, pe: Node, *, imposed: int, state: Routes
) -> Verdict:
    """The VPNv4 route is there with a label, and the kernel of the PE imposes it below the LDP label."""
    paths = [p for p in state.vpn[pe.name] if (p.rd, p.prefix) == (vpn.rd, site.lan)]
    mistakes = [text for path in paths for text in _path_mistakes(path, vpn, _next_hop(origin, pe))]
    mistakes += [] if len(paths) == 1 else [f"{len(paths)} VPNv4 routes {vpn.rd} {site.lan}"]
    installed = _in_table(state.kernel[pe.name], pe.default.vrf(vpn.name).table, site.lan)
    label = paths[0].label if paths else None
    stacks = [route.hops[0].labels for route in installed if route.hops]
    if len(stacks) != 1 or len(stacks[0]) != imposed or stacks[0][-1] != label:
        mistakes.append(f"in VRF {vpn.name}: {_routes_text(installed)}")
    return verdict(
        mistakes,
        f"VPN label {label}, imposed {{{' '.join(str(entry) for entry in stacks[0]) if stacks else ''}}}",
    )


def _next_hop(origin: Node, pe: Node) -> IPv4Address:
    """The next hop of a PE's routes as another one has it: a loopback, or the far end of a tunnel."""
    return pe.default.bgp.neighbor(origin.name).next_hop if pe.default.bgp else origin.loopback


def _path_mistakes(path: BgpRoute, vpn: Vpn, next_hop: IPv4Address) -> Iterator[str]:
    if path.next_hop != next_hop:
        yield f"next hop {path.next_hop}"
    if path.label is None or path.label < FIRST_LABEL:
        yield f"label {path.label}"
    if set(path.route_targets) != set(vpn.rt_export):
        yield f"route targets {' '.join(path.route_targets)}"


def _on_circuits(network: Network) -> Iterator[Claim[Routes]]:
    """What a PE learns on each circuit, and what it announces on it."""
    for site, circuit in network.circuits():
        yield _learned(network, site, circuit)
    for site in filter(routed, network.sites):
        yield from (_announced(site, other) for other in learners(network, site))


def _learned(network: Network, site: Site, circuit: Circuit) -> Claim[Routes]:
    table = network.node(site.pe).default.vrf(site.vpn).table
    return Claim(
        3,
        f"{site.name}: {site.pe} learns {site.lan} on the circuit (VLAN {circuit.vlan}) in VRF {site.vpn}",
        f"{site.lan} by OSPF via {circuit.far_address} dev {circuit.interface} in table {table}",
        routes,
        lambda state: judge_ospf(
            _in_table(state.kernel[site.pe], table, site.lan), circuit.far_address, circuit.interface
        ),
    )


def _announced(site: Site, far: Site) -> Claim[Routes]:
    assert far.circuit is not None  # noqa: S101 - it learns from its circuit
    near = far.circuit.address
    what = "reverse route" if site.tunnel else "prefix"
    return Claim(
        3,
        f"{site.name}: {what} {site.lan} announced on the circuit to {far.name}",
        f"{site.lan} by OSPF via {near} at {far.name}",
        routes,
        lambda state: judge_ospf(_in_table(state.kernel[far.node], MAIN_TABLE, site.lan), near),
    )


def judge_ospf(found: list[KernelRoute], via: IPv4Address, interface: str | None = None) -> Verdict:
    """There is one such route, OSPF's, by that neighbour (and interface, where one is named)."""
    right = [
        route
        for route in found
        if route.protocol == "ospf"
        and [hop.via for hop in route.hops] == [via]
        and interface in (None, route.hops[0].interface)
    ]
    return Verdict(len(found) == len(right) == 1, _routes_text(found))


def _p_router(network: Network, router: Node) -> Claim[Routes]:
    lans = {site.lan for site in network.sites}

    def judge(state: Routes) -> Verdict:
        found = [
            route
            for route in state.kernel[router.name]
            if any(route.prefix.overlaps(lan) for lan in lans if route.prefix != DEFAULT)
        ]
        return Verdict(
            not found,
            _routes_text(found) if found else f"{len(state.kernel[router.name])} routes, none of a VPN",
        )

    return Claim(3, f"{router.name} holds no VPN prefix", "core and loopback prefixes only", routes, judge)


def _shared_prefixes(network: Network) -> list[IPv4Network]:
    """Prefixes that several VPNs have a route to."""
    owners: dict[IPv4Network, set[str]] = {}
    for site in filter(routed, network.sites):
        owners.setdefault(site.lan, set()).add(site.vpn)
    return [prefix for prefix, vpns in owners.items() if len(vpns) > 1]


def _twins(network: Network, prefix: IPv4Network, pe: Node) -> Claim[Routes]:
    wanted = {network.vpn(site.vpn).rd for site in network.sites if site.lan == prefix and routed(site)}

    def judge(state: Routes) -> Verdict:
        found = sorted(path.rd for path in state.vpn[pe.name] if path.prefix == prefix)
        return Verdict(found == sorted(wanted), f"{prefix} under {', '.join(found) or 'no RD'}")

    return Claim(
        3,
        f"{pe.name}: the RD alone separates the twins of {prefix}",
        f"{prefix} once under each of {', '.join(sorted(wanted))}",
        routes,
        judge,
    )


def _no_peer_routes(network: Network, pe: Node) -> Claim[Routes]:
    """The book injects a route to the peer, too; here the outer lookup is in the FVRF without one."""
    outer = {tunnel.address for _, tunnel in network.tunnels()}
    doors = outer | {tunnel.gateway_address for _, tunnel in network.tunnels()}
    tables = {vrf.table for vrf in pe.default.vrfs}

    def judge(state: Routes) -> Verdict:
        leaked = [
            route for route in state.kernel[pe.name] if route.table in tables and _names(route.prefix, outer)
        ]
        known = state.vpn.get(pe.name, ())
        told = [path for path in known if path.prefix == DEFAULT or _names(path.prefix, doors)]
        texts = [_routes_text(leaked)] * bool(leaked) + [f"{path.rd} {path.prefix}" for path in told]
        return verdict(texts, "no outer address and no default route among them")

    return Claim(
        3,
        f"{pe.name}: no peer address and no default route in any VRF or VPNv4 route",
        "outer addresses are reached by the front-door table only",
        routes,
        judge,
    )


def _names(prefix: IPv4Network, addresses: set[Any]) -> bool:
    return prefix != DEFAULT and any(address in prefix for address in addresses)


def _in_table(found: tuple[KernelRoute, ...], table: int, prefix: IPv4Network) -> list[KernelRoute]:
    return [route for route in found if route.table == table and route.prefix == prefix]


def _routes_text(found: list[KernelRoute]) -> str:
    return "; ".join(_route_text(route) for route in found) or "no such route"


def _route_text(route: KernelRoute) -> str:
    hops = " ".join(
        f"{'/'.join(str(label) for label in hop.labels)} via {hop.via} dev {hop.interface}".strip()
        for hop in route.hops
    )
    return f"{route.prefix} {route.protocol} {hops} table {route.table}"
