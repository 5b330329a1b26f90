"""Circuits of layer 2 networks: each has a tag and a subnet of its own, and leads to an aggregator."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from offnet.intent.finding import Finding
from offnet.intent.models import CircuitSite
from offnet.intent.rules.names import one_of
from offnet.intent.rules.segments import UNICAST, Segment, is_unicast, overlaps
from offnet.intent.salvage import Scope

_LENGTHS = (30, 31)


def _sites(scope: Scope) -> Iterator[tuple[str, CircuitSite]]:
    sites = scope.intent.sites.items()
    return ((name, site) for name, site in sites if isinstance(site, CircuitSite))


def network_gateway(scope: Scope) -> Iterator[Finding]:
    """A layer 2 network is behind a gateway of this lab."""
    gateways = scope.intent.gateways
    for name, network in scope.intent.circuits.items():
        if scope.lacks("gateways", network.gateway):
            expected = one_of(network.gateway, gateways, "a gateway of this lab")
            yield Finding(("circuits", name, "gateway"), expected)


def site_network(scope: Scope) -> Iterator[Finding]:
    """A circuit is one of a layer 2 network of this lab."""
    networks = scope.intent.circuits
    for name, site in _sites(scope):
        if scope.lacks("circuits", site.circuit.network):
            expected = one_of(site.circuit.network, networks, "a layer 2 network of this lab (circuits)")
            yield Finding(("sites", name, "circuit", "network"), expected)


def distinct_vlans(scope: Scope) -> Iterator[Finding]:
    """A tag is one circuit: with the same one, two sites would be on one wire, whatever their VPNs."""
    owner: dict[tuple[str, int], str] = {}
    for name, site in _sites(scope):
        circuit = site.circuit
        other = owner.setdefault((circuit.network, circuit.vlan), name)
        if other != name:
            expected = f"a VLAN that no other circuit of {circuit.network} has, {other} has this one"
            see = ("sites", other, "circuit", "vlan")
            yield Finding(("sites", name, "circuit", "vlan"), expected, see=see)


def subnets(scope: Scope) -> Iterator[Finding]:
    """A circuit's subnet has two hosts, and is apart from all else that its VPN routes."""
    by_vpn: dict[str, list[Segment]] = defaultdict(list)
    for name, site in scope.intent.sites.items():
        by_vpn[site.vpn].append(Segment(site.lan, ("sites", name, "lan"), f"the LAN of {name}"))
    own = {}
    for name, site in _sites(scope):
        path, subnet = ("sites", name, "circuit", "subnet"), site.circuit.subnet
        if subnet.prefixlen not in _LENGTHS:
            yield Finding(path, "a /30 or /31: a circuit has two ends")
        elif not is_unicast(subnet):
            yield Finding(path, UNICAST)
        else:
            own[path] = Segment(subnet, path, f"the circuit of {name}")
            by_vpn[site.vpn].append(own[path])
    for vpn, segments in by_vpn.items():
        for one, other in overlaps(segments):
            if one.path in own or other.path in own:
                expected = f"a prefix apart from {other} in the same VPN {vpn}"
                yield Finding(one.path, expected, see=other.path)
