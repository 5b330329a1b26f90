"""A site's router that announces what is not its own, by the routing protocol of its tunnel."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from offnet.errors import DeadlineExpired
from offnet.experiments.bench import Bench, gather
from offnet.experiments.presence import POLL, await_presence
from offnet.experiments.subjects import Subject, learned, subjects
from offnet.network.model import EdgeProtocol, GreTunnel
from offnet.observe.kernel import vrf_routes
from offnet.observe.kernel_model import MAIN_TABLE, KernelRoute
from offnet.observe.places import ask_at, place, vtysh
from offnet.observe.question import ask
from offnet.wait import until

DEADLINE = 5.0
ANYTHING = "0.0.0.0/0"


@dataclass(frozen=True, slots=True)
class Announced:
    """What a site announced beside its own LAN, whether its aggregator heard of it, and took it.

    ``taken`` are routes of the VRF to one of these prefixes by way of the site's tunnel.
    """

    prefixes: tuple[str, ...]
    heard: tuple[str, ...]
    taken: tuple[KernelRoute, ...]


def announcements(bench: Bench) -> dict[str, Announced]:
    """Each subject with a GRE tunnel announces the LAN of its partner and, where it can, everything."""
    by_name = {subject.site.name: subject for subject in subjects(bench.network) if subject.tunnel.gre}
    return gather(by_name, lambda name: _announced(bench, by_name[name]))


def _announced(bench: Bench, subject: Subject) -> Announced:
    prefixes = announceable(subject)
    with _announcing(bench, subject):
        with suppress(DeadlineExpired):  # what was heard is for the judge
            until(
                lambda: len(_heard(bench, subject)) == len(prefixes),
                what=f"{subject.tunnel.gateway} hears {' and '.join(prefixes)} of {subject.site.name}",
                deadline=DEADLINE,
                interval=POLL,
            )
        heard, taken = _heard(bench, subject), _taken(bench, subject)
    return Announced(prefixes, heard, taken)


def announceable(subject: Subject) -> tuple[str, ...]:
    """The partner's LAN and everything; FRR's eigrpd has no way to announce a default route."""
    lan = str(subject.partner.lan)
    return (lan,) if _gre(subject).routing is EdgeProtocol.EIGRP else (lan, ANYTHING)


@contextmanager
def _announcing(bench: Bench, subject: Subject) -> Iterator[None]:
    """The site's router with these prefixes among what it announces."""
    node, protocol, lan = subject.site.node, _gre(subject).routing, subject.partner.lan
    if protocol is EdgeProtocol.EBGP:
        (asn,) = {edge.asn for edge in bench.network.node(node).default.edges}
        _vtysh(bench, node, f"router bgp {asn}", "no bgp network import-check")
        inside = [f"router bgp {asn}", "address-family ipv4 unicast"]
        lines = [f"network {prefix}" for prefix in announceable(subject)]
    elif protocol is EdgeProtocol.OSPF:
        inside, lines = ["router ospf"], ["default-information originate always"]
    else:
        inside, lines = ["router eigrp 1"], [f"network {lan}"]
    # To the others a prefix of the LAN's interface is one to announce; it routes nothing here.
    address = ["address", "add", f"{lan[-2]}/{lan.prefixlen}", "dev", "lan", "noprefixroute"]
    bench.lab.run(node, ["ip", *address])
    _vtysh(bench, node, *inside, *lines)
    try:
        yield
    finally:
        _vtysh(bench, node, *inside, *(f"no {line.removesuffix(' always')}" for line in lines))
        bench.lab.run(node, ["ip", "address", "del", *address[2:5]])
        if protocol is EdgeProtocol.EBGP:
            _vtysh(bench, node, inside[0], "bgp network import-check")
        _await_own_routes(bench, subject)


def _await_own_routes(bench: Bench, subject: Subject) -> None:
    """What the site took for its own meanwhile it learns again."""
    here = ((subject.site.node, MAIN_TABLE),)
    for other in learned(bench.network, subject.site):
        await_presence(bench.lab, here, other.lan, wanted=True, seconds=DEADLINE)


def _vtysh(bench: Bench, node: str, *lines: str) -> None:
    bench.lab.run(node, vtysh(node, "configure terminal", *lines), timeout=10)


def _heard(bench: Bench, subject: Subject) -> tuple[str, ...]:
    """Those prefixes of which the daemon at the aggregator knows by this site, whatever zebra makes of it."""
    vrf, protocol, neighbor = subject.tunnel.vrf, _gre(subject).routing, _gre(subject).site_inside.ip
    context = _gre(subject).cloud
    commands = {
        EdgeProtocol.OSPF: "show ip ospf route" if context else f"show ip ospf vrf {vrf} route",
        EdgeProtocol.EBGP: f"show bgp vrf {vrf} ipv4 unicast neighbors {neighbor} filtered-routes",
        EdgeProtocol.EIGRP: f"show ip eigrp vrf {vrf} topology",
    }
    where = place(subject.tunnel.gateway, context)
    seen = bench.lab.run(subject.tunnel.gateway, vtysh(where, commands[protocol]), timeout=10).stdout
    lines = [line for line in seen.splitlines() if line.strip()]
    return tuple(
        prefix for prefix in announceable(subject) if any(f" {prefix} " in f" {line} " for line in lines)
    )


def _taken(bench: Bench, subject: Subject) -> tuple[KernelRoute, ...]:
    """Also those of the context that the tunnel ends in, where that is not the VRF itself."""
    _, table = subject.tables[0]
    gre, gateway, wanted = _gre(subject), subject.tunnel.gateway, announceable(subject)
    found = ask(bench.lab, gateway, vrf_routes(table))
    ways = {gre.in_vrf.interface}
    if gre.shared:
        found += ask_at(bench.lab, place(gateway, gre.cloud), vrf_routes(MAIN_TABLE))
        ways.add(gre.gateway_interface)
    return tuple(
        route
        for route in found
        if str(route.prefix) in wanted and any(hop.interface in ways for hop in route.hops)
    )


def _gre(subject: Subject) -> GreTunnel:
    assert subject.tunnel.gre is not None  # noqa: S101 - subjects without are not asked
    return subject.tunnel.gre
