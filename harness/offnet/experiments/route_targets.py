"""A VRF that stops to import its route targets for a moment: what goes, what stays, what comes back."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Network

from offnet.errors import DeadlineExpired
from offnet.experiments.bench import Bench
from offnet.experiments.presence import follow
from offnet.experiments.subjects import routed
from offnet.network.model import Network, Node, Role, Vrf
from offnet.observe.fib import FIB
from offnet.observe.frr import frames, vty_argv
from offnet.observe.question import ask
from offnet.wait import Deadline

DEADLINE = 5.0

Prefixes = frozenset[IPv4Network]


@dataclass(frozen=True, slots=True)
class Importer:
    """A PE that learns sites of ``vrf`` from other PEs; ``learned`` holds what it learns by VRF."""

    pe: Node
    vrf: Vrf
    learned: dict[str, Prefixes]


@dataclass(frozen=True, slots=True)
class Unimported:
    """Prefixes of remote sites that a PE had by VRF: while one of them imported nothing, and after that."""

    during: dict[str, Prefixes]
    after: dict[str, Prefixes]


def importer(network: Network) -> Importer | None:
    """The PE and VRF to try it on: where another VRF learns most of the same prefixes, then most of all."""
    candidates = [
        Importer(pe, vrf, learned)
        for pe in network.role(Role.PE)
        for learned in [_learned(network, pe)]
        for vrf in pe.default.vrfs
        if learned[vrf.name]
    ]
    return max(candidates, key=lambda one: (_twins(one), len(one.learned[one.vrf.name])), default=None)


def _learned(network: Network, pe: Node) -> dict[str, Prefixes]:
    return {
        vrf.name: frozenset(
            site.lan for site in network.sites_of(vrf.name) if site.pe != pe.name and routed(site)
        )
        for vrf in pe.default.vrfs
    }


def _twins(candidate: Importer) -> int:
    own = candidate.learned[candidate.vrf.name]
    return sum(len(own & other) for name, other in candidate.learned.items() if name != candidate.vrf.name)


def unimported(bench: Bench) -> Unimported:
    """Takes the import of one VRF's route targets away by FRR's command line, and puts it back."""
    subject = importer(bench.network)
    if subject is None:
        return Unimported({}, {})
    name, targets = subject.vrf.name, " ".join(subject.vrf.rt_import)
    try:
        _configure(bench, subject, f"no rt vpn import {targets}")
        during = _await(bench, subject, frozenset(), f"VRF {name} of {subject.pe.name} without remote sites")
    finally:
        _configure(bench, subject, f"rt vpn import {targets}")
    after = _await(bench, subject, subject.learned[name], f"VRF {name} of {subject.pe.name} has them again")
    return Unimported(during, after)


def _configure(bench: Bench, subject: Importer, line: str) -> None:
    bgp = subject.pe.default.bgp
    assert bgp is not None  # noqa: S101 - a PE with VRFs speaks BGP
    lines = (
        "enable",
        "configure terminal",
        f"router bgp {bgp.asn} vrf {subject.vrf.name}",
        "address-family ipv4 unicast",
        line,
        "end",
    )
    text = "".join(f"{entry}\0" for entry in lines)
    frames(bench.lab.run(subject.pe.name, vty_argv("bgpd"), input=text.encode()).stdout)


def _await(bench: Bench, subject: Importer, wanted: Prefixes, what: str) -> dict[str, Prefixes]:
    """What the PE has of remote sites once the VRF has what is wanted, or when waiting for it ends."""
    seen: dict[str, Prefixes] = {}

    def look() -> bool:
        seen.update(_held(bench, subject))
        return seen[subject.vrf.name] == wanted

    with suppress(DeadlineExpired):  # the judge tells what was seen instead
        follow(
            bench.lab,
            subject.pe.name,
            look,
            concerns=f" table {subject.vrf.table} ",
            limit=Deadline(DEADLINE),
            what=what,
            seen=lambda: seen,
        )
    return seen


def _held(bench: Bench, subject: Importer) -> dict[str, Prefixes]:
    routes = ask(bench.lab, subject.pe.name, FIB)
    return {
        vrf.name: frozenset(prefix for table, prefix in routes if table == vrf.table)
        & subject.learned[vrf.name]
        for vrf in subject.pe.default.vrfs
    }
