"""Probes that must not arrive: at other VPNs' twins and markers, in the PE's global table."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from offnet.experiments.bench import Bench, gather
from offnet.experiments.neighbors import give_up_neighbors
from offnet.experiments.probes import SILENCE_MS, arrivals, count_arrivals, probe
from offnet.experiments.steering import steered
from offnet.experiments.wire import wire_capture
from offnet.network.model import InterfaceKind, Network, Role, Site

PROBES = 2
FIRST_LENGTH = 200
OUTER = (
    InterfaceKind.LOOPBACK,
    InterfaceKind.DUMMY,
    InterfaceKind.VETH,
    InterfaceKind.VLAN,
    InterfaceKind.GRE,
)


@dataclass(frozen=True, slots=True)
class Isolation:
    """Tagged probes by site, what arrived where, and what the targets answered.

    ``lengths`` tags each source; ``arrived`` counts by node and length; ``answers`` by site and target.
    """

    sent: int
    lengths: dict[str, int]
    answers: dict[str, dict[IPv4Address, int]]
    arrived: dict[str, dict[int, int]]


def lengths(network: Network) -> dict[str, int]:
    """The tag of every site."""
    return {site.name: FIRST_LENGTH + number for number, site in enumerate(network.sites)}


def shared_targets(network: Network, source: Site) -> tuple[Site, ...]:
    """Sites of the same VPN whose address another VPN has as well."""
    foreign = {site.host for site in network.sites if site.vpn != source.vpn}
    return tuple(s for s in network.sites_of(source.vpn) if s is not source and s.host in foreign)


def foreign_markers(network: Network, source: Site) -> tuple[Site, ...]:
    """Sites of other VPNs whose marker is no host of the site's own VPN: pools of VPNs may be the same."""
    own = {site.host for site in network.sites_of(source.vpn)}
    return tuple(site for site in network.sites if site.vpn != source.vpn and site.marker not in own)


def global_addresses(network: Network) -> tuple[IPv4Address, ...]:
    """Every address of the provider's global table, of its front doors and of the Internet."""
    return tuple(
        dict.fromkeys(
            address.ip
            for node in network.role(Role.PE, Role.P, Role.INTERNET, Role.AAA)
            for interface in node.default.interfaces
            if interface.kind in OUTER and interface.vrf not in {vrf.name for vrf in node.default.vrfs}
            for address in interface.addresses
        )
    )


def isolation(bench: Bench) -> Isolation:
    """Probes from every site at the same time, each source with a length of its own."""
    bench.once(wire_capture)
    network, tags = bench.network, lengths(bench.network)
    sites = [site.name for site in network.sites]
    gather(sites, lambda name: count_arrivals(bench.lab, network.site(name).node, tags.values()))
    answers = gather(sites, lambda name: _probe(bench, network.site(name), tags[name]))
    give_up_neighbors(bench)  # else answers to probes of addresses that nobody has would still come
    arrived = gather(sites, lambda name: arrivals(bench.lab, network.site(name).node))
    return Isolation(PROBES, tags, answers, arrived)


def _forbidden(network: Network, source: Site) -> list[IPv4Address]:
    markers = [site.marker for site in foreign_markers(network, source)]
    return [
        *markers,
        *(address for address in global_addresses(network) if not _own(network, source, address)),
    ]


def _own(network: Network, source: Site, address: IPv4Address) -> bool:
    """Addresses of the site's own access network are its own affair."""
    interfaces = network.node(source.node).default.interfaces
    return any(address in own.network for interface in interfaces for own in interface.addresses)


def _probe(bench: Bench, site: Site, length: int) -> dict[IPv4Address, int]:
    """One process for all targets of a site: those that must answer, and those that must not."""
    shared = [target.host for target in shared_targets(bench.network, site)]
    with steered(bench.lab, site):
        answers = probe(
            bench.lab,
            site.node,
            site.host,
            dict.fromkeys([*shared, *_forbidden(bench.network, site)]),
            count=PROBES,
            length=length,
            wait_ms=SILENCE_MS,
        )
    return answers.received
