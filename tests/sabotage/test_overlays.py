"""The proofs of overlays can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from offnet.checks import overlay_reach, overlay_routes, overlay_sas, overlay_wire
from offnet.experiments.bench import Bench
from offnet.experiments.overlays import CONTROL_LENGTH, captures
from offnet.experiments.reach import reach as reach_experiment
from offnet.experiments.subjects import Subject, subjects
from offnet.network.model import Crypto, Role
from offnet.observe.vici import Vici
from offnet.wait import until
from tests.sabotage.breaking import assert_mended, broken, failing, leak, names, renew, renewed

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def mesh(running_variant: Callable[..., AbstractContextManager[Bench]]) -> Iterator[Bench]:
    """The mesh that all tests break and mend."""
    with running_variant("sabotage-mesh", Crypto.MODERN, lab="ce-ce") as bench:
        yield bench
        assert_mended(bench, overlay_sas.claims, overlay_routes.claims, overlay_reach.claims)


@pytest.fixture
def member(mesh: Bench) -> Subject:
    """A member that sets up its tunnels, with one of its partners."""
    return subjects(mesh.network)[-1]


def without_policy(member: Subject) -> str:
    """The command that takes away what protects a member's packets to its partner."""
    return f"ip xfrm policy delete src {member.site.lan} dst {member.partner.lan} dir out"


def test_reach_fails_without_a_policy(mesh: Bench, member: Subject) -> None:
    claims = [claim for claim in overlay_reach.claims(mesh.network) if claim.proof == 1]
    with renewed(mesh, member), broken(mesh, member.site.node, without_policy(member)):
        seen = failing(mesh, claims)
    pair = names(claims, member.site.name, member.partner.name)
    assert seen.keys() == pair
    assert all("0 of 3 replies" in text for text in seen.values())


def test_sas_fail_without_a_tunnel(mesh: Bench, member: Subject) -> None:
    claims, tunnel = list(overlay_sas.claims(mesh.network)), member.tunnel
    with renewed(mesh, member):
        with Vici(mesh.lab, tunnel.gateway) as peer, Vici(mesh.lab, member.site.node) as own:
            peer.terminate(ike=tunnel.gateway_connection)
            until(lambda: not own.list_sas(tunnel.site_connection), what="the SA is gone", deadline=10)
        seen = failing(mesh, claims)
    wanted = names(claims, "one tunnel between", member.site.name, member.partner.name)
    wanted |= {
        name for one in (member.site, member.partner) for name in names(claims, f"{one.name}: a tunnel")
    }
    assert seen.keys() == wanted, seen


@pytest.mark.parametrize("role", [Role.PE, Role.P])
def test_routes_fail_when_a_router_learns_a_lan(mesh: Bench, member: Subject, role: Role) -> None:
    claims, router = list(overlay_routes.claims(mesh.network)), mesh.network.role(role)[0].name
    route = f"{member.site.lan} dev lo"
    with broken(mesh, router, f"ip route add {route}", f"ip route del {route}"):
        seen = failing(mesh, claims)
    assert seen.keys() == names(claims, f"{router} knows")
    assert all(str(member.site.lan) in text for text in seen.values())


def test_routes_fail_without_a_circuit(mesh: Bench, member: Subject) -> None:
    (overlay,) = mesh.network.overlays
    claims, pe = list(overlay_routes.claims(mesh.network)), mesh.network.site(member.site.name).pe
    table = mesh.network.node(pe).default.vrf(overlay.vpn).table
    remote = next(s for name, s in overlay.circuits.items() if mesh.network.site(name).pe != pe)
    kept = mesh.lab.run(pe, ["ip", "route", "show", "table", str(table), str(remote)]).stdout.strip()
    assert kept, f"{pe} has no route to {remote}"
    nowhere = f"ip route add {remote} dev lo metric 1 table {table}"
    with broken(mesh, pe, nowhere, f"ip route del {remote} dev lo metric 1 table {table}"):
        seen = failing(mesh, claims)
    assert seen.keys() == names(claims, f"{pe}: VRF {overlay.vpn} holds the circuits")


def failing_on_the_wire(mesh: Bench, member: Subject, act: Callable[[], None]) -> dict[str, str]:
    """What the claims about the wire see, with captures that have seen the act and all SAs in use."""
    looks = (captures, lambda _: act(), lambda _: renew(mesh, member), reach_experiment)
    return failing(mesh, overlay_wire.claims(mesh.network), *looks)


def test_wire_fails_when_a_packet_leaves_in_clear(mesh: Bench, member: Subject) -> None:
    def leave_in_clear() -> None:
        remove = f"nft delete table ip guard; {without_policy(member)}"
        with broken(mesh, member.site.node, remove, "nft -f /etc/offnet/nftables.conf"):
            leak(mesh, member)

    seen = failing_on_the_wire(mesh, member, leave_in_clear)
    pe = mesh.network.site(member.site.name).pe
    assert seen.keys() == names(overlay_wire.claims(mesh.network), f"{pe}, VRF", "nothing else")
    assert all(f"icmp {member.site.host} > {member.partner.host}" in text for text in seen.values())


def test_wire_fails_when_the_control_is_not_seen(mesh: Bench, member: Subject) -> None:
    blind = (
        "nft add table ip blind; nft add chain ip blind out '{ type filter hook output priority 0; }'; "
        f"nft add rule ip blind out meta length {CONTROL_LENGTH} drop"
    )
    with broken(mesh, member.site.node, blind, "nft delete table ip blind"):
        seen = failing_on_the_wire(mesh, member, lambda: None)
    assert seen.keys() == names(overlay_wire.claims(mesh.network), "positive control")
    assert set(seen.values()) == {"0 clear packets"}
