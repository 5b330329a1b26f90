"""Proofs of DMVPNs: who is registered, the direct way between spokes, and keys that are not one's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from offnet.checks.claim import Claim, Verdict, verdict
from offnet.experiments.foreign_keys import Attack, attacks, foreign_keys
from offnet.experiments.registrations import registrations
from offnet.experiments.shortcuts import INITIAL_TTL, Shortcut, pairs, shared, shortcuts
from offnet.network.model import Cloud, Network, Site
from offnet.observe.nhrp import NhrpEntry


def passive(network: Network) -> Iterator[Claim[Any]]:
    """One claim a cloud, about its registrations."""
    return (_registered(network, cloud) for cloud in network.clouds)


def claims(network: Network) -> Iterator[Claim[Any]]:
    """One claim for every two spokes that find each other, one for every foreign key."""
    for one, other in pairs(network):
        yield _direct(network.site(one), network.site(other))
    for attacker, cloud, victim in attacks(network):
        yield _foreign_key(attacker, cloud, victim)


Registrations = dict[str, tuple[NhrpEntry, ...]]


def _registered(network: Network, cloud: Cloud) -> Claim[Registrations]:
    spokes = [network.site(name) for name in cloud.spokes]
    wanted = {
        (str(site.tunnel.gre.site_inside.ip), str(site.tunnel.address))
        for site in spokes
        if site.tunnel and site.tunnel.gre
    }
    return Claim(
        5,
        f"{cloud.name}: the spokes of {cloud.vpn} are registered at {cloud.hub}, and nobody else",
        ", ".join(f"{inside} at {outer}" for inside, outer in sorted(wanted)),
        registrations,
        lambda seen: judge_registered(wanted, seen[cloud.name]),
    )


def judge_registered(wanted: set[tuple[str, str]], entries: tuple[NhrpEntry, ...]) -> Verdict:
    """Each spoke is known by its outer address, and there is no other entry."""
    found = {(str(entry.address), str(entry.nbma)) for entry in entries}
    mistakes = [f"{inside} at {outer} is not registered" for inside, outer in sorted(wanted - found)]
    mistakes += [f"{inside} at {outer} is" for inside, outer in sorted(found - wanted)]
    return verdict(mistakes, f"{len(found)} registered")


def _direct(one: Site, other: Site) -> Claim[dict[tuple[str, str], Shortcut]]:
    return Claim(
        1,
        f"{one.vpn}: {one.name} and {other.name} find the direct way to each other, with an SA of its own",
        f"replies of TTL {INITIAL_TTL}, which no router has forwarded, both ways; an SA between the two",
        shortcuts,
        lambda seen: judge_direct(one, other, seen[one.name, other.name]),
    )


def judge_direct(one: Site, other: Site, seen: Shortcut) -> Verdict:
    """The last reply of both came directly, and both hold an SA with the other, with the same SPIs."""
    mistakes = []
    for name, ttls in seen.ttls.items():
        if ttls[-1:] != (INITIAL_TTL,):
            mistakes.append(f"replies to {name} have TTL {', '.join(map(str, ttls)) or 'none'}")
    if not shared(seen.sas[one.name], seen.sas[other.name]):
        mistakes.append(f"no SA that both {one.name} and {other.name} have")
    told = " and ".join("-".join(map(str, ttls)) for ttls in seen.ttls.values())
    return verdict(mistakes, f"TTL {told}, after {seen.seconds or 0:.1f} s")


def _foreign_key(attacker: Site, cloud: Cloud, victim: Site) -> Claim[dict[tuple[str, str], Attack]]:
    return Claim(
        2,
        f"{attacker.name}: GRE with key {cloud.key}, in its own SA, does not enter {cloud.vpn}",
        f"dropped by {cloud.hub}, 0 at {victim.name}",
        foreign_keys,
        lambda seen: judge_foreign_key(victim, seen[attacker.name, cloud.name]),
    )


def judge_foreign_key(victim: Site, seen: Attack) -> Verdict:
    """Every probe came to the hub and was dropped for its key."""
    mistakes = [f"{seen.arrived} arrived at {victim.name}"] if seen.arrived else []
    if seen.dropped < seen.sent:
        mistakes.append(f"{seen.dropped} of {seen.sent} dropped for their key")
    return verdict(mistakes, f"{seen.dropped} dropped, 0 at {victim.name}")
