"""The proofs of routes and route targets can fail."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from offnet.checks import route_targets, routes
from offnet.experiments.bench import Bench
from offnet.experiments.presence import await_presence
from offnet.experiments.route_targets import importer
from offnet.experiments.subjects import Subject
from offnet.network.model import Role
from tests.sabotage.breaking import DEADLINE, broken, failing, injection_of, names

pytestmark = pytest.mark.lab


def test_routes_fail_when_a_route_is_withdrawn(lab: Bench, victim: Subject) -> None:
    claims, (gateway, table) = list(routes.claims(lab.network)), victim.tables[0]
    withdraw = f"ip route del {victim.site.lan} table {table}"
    with broken(lab, gateway, withdraw, injection_of(victim)):
        await_presence(lab.lab, victim.tables, victim.site.lan, wanted=False, seconds=DEADLINE)
        seen = failing(lab, claims)
    await_presence(lab.lab, victim.tables, victim.site.lan, wanted=True, seconds=DEADLINE)
    twins = names(claims, "the RD alone separates", str(victim.site.lan))
    assert seen.keys() == twins | names(claims, f"{victim.site.name}:")
    rd = lab.network.vpn(victim.site.vpn).rd
    assert all(rd not in seen[name] for name in twins)
    assert (
        seen[f"{victim.site.name}: reverse route in VRF {victim.tunnel.vrf} of {gateway}"] == "no such route"
    )


def test_routes_fail_when_a_p_router_knows_a_vpn(lab: Bench, victim: Subject) -> None:
    claims, (router,) = list(routes.claims(lab.network)), lab.network.role(Role.P)
    route = f"{victim.site.lan} dev lo"
    with broken(lab, router.name, f"ip route add {route}", f"ip route del {route}"):
        seen = failing(lab, claims)
    assert seen.keys() == names(claims, router.name, "holds no VPN prefix"), seen
    assert str(victim.site.lan) in next(iter(seen.values()))


def test_routes_fail_when_a_vrf_knows_a_peer(lab: Bench, victim: Subject) -> None:
    claims, (gateway, table) = list(routes.claims(lab.network)), victim.tables[0]
    peer = IPv4Network(victim.tunnel.address)
    route = f"{peer} dev ipsec{victim.tunnel.if_id} table {table}"
    with broken(lab, gateway, f"ip route add {route}", f"ip route del {route}"):
        seen = failing(lab, claims)
    await_presence(lab.lab, victim.tables, peer, wanted=False, seconds=DEADLINE)
    assert names(claims, gateway, "no peer address") <= seen.keys() <= names(claims, "no peer address")
    assert all(str(victim.tunnel.address) in text for text in seen.values())


def test_route_targets_fail_when_another_vrf_loses_its_routes(lab: Bench) -> None:
    (claim,) = route_targets.claims(lab.network)
    subject = importer(lab.network)
    assert subject is not None
    other = next(vrf for vrf in subject.pe.default.vrfs if vrf is not subject.vrf)
    lines = (
        "configure terminal",
        f"router bgp {lab.network.asn} vrf {other.name}",
        "address-family ipv4 unicast",
    )
    vtysh = " ".join(["vtysh", *(f"-c '{line}'" for line in lines)])
    lost, here = sorted(subject.learned[other.name]), ((subject.pe.name, other.table),)
    targets = f"rt vpn import {' '.join(other.rt_import)}"
    with broken(lab, subject.pe.name, f"{vtysh} -c 'no {targets}'", f"{vtysh} -c '{targets}'"):
        for prefix in lost:
            await_presence(lab.lab, here, prefix, wanted=False, seconds=DEADLINE)
        seen = failing(lab, [claim])
    for prefix in lost:
        await_presence(lab.lab, here, prefix, wanted=True, seconds=DEADLINE)
    assert f"{other.name} lacks {', '.join(map(str, lost))}" in seen[claim.name]
