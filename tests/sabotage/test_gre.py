"""The proofs about GRE tunnels can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from offnet.checks import injection, reach, refusals, routes, sas
from offnet.experiments.announcing import announcements
from offnet.experiments.bench import Bench
from offnet.experiments.closed import dead_daemons
from offnet.experiments.convergence import converge
from offnet.experiments.presence import await_presence
from offnet.experiments.subjects import Subject, subjects
from offnet.network.model import Crypto, GreTunnel
from tests.sabotage.breaking import DEADLINE, assert_mended, broken, failing, looking_at, names

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def lab(running_variant: Callable[..., AbstractContextManager[Bench]]) -> Iterator[Bench]:
    """The lab gre, which all tests break and mend."""
    with running_variant("sabotage-gre", Crypto.MODERN, lab="gre") as bench:
        yield bench
        assert_mended(bench, sas.claims, routes.claims)


@pytest.fixture
def victim(lab: Bench) -> Subject:
    """The site whose tunnel has OSPF."""
    (found,) = (subject for subject in subjects(lab.network) if subject.tunnel.access == "gre ospf")
    return found


@pytest.fixture
def gre(victim: Subject) -> GreTunnel:
    """Its tunnel."""
    assert victim.tunnel.gre is not None
    return victim.tunnel.gre


def vtysh(*lines: str) -> str:
    """A shell command that configures FRR."""
    return " ".join(["vtysh", *(f"-c '{line}'" for line in ("configure terminal", *lines))])


def test_reach_fails_when_probes_take_another_way(lab: Bench, victim: Subject, gre: GreTunnel) -> None:
    """A second tunnel inside the same SA: the SA grows as it must, and the probes are not in their tunnel."""
    remote = victim.partner
    claims = [c for c in reach.claims(lab.network) if remote.name in c.name and victim.site.name in c.name]
    ends = f"local {victim.tunnel.address} remote {victim.tunnel.gateway_address}"
    twin = f"ip link add twin type gre {ends} key 7 ttl 64; ip link set twin up"
    far = f"ip link add twin type gre local {victim.tunnel.gateway_address} remote {victim.tunnel.address}"
    vrf = f"ip link set twin master {victim.tunnel.vrf}; ip link set twin up"
    detour = f"{twin}; ip route add {remote.lan} dev twin metric 5"
    with (
        broken(lab, victim.tunnel.gateway, f"{far} key 7 ttl 64; {vrf}", "ip link del twin"),
        broken(lab, victim.site.node, detour, "ip link del twin"),
    ):
        seen = failing(lab, claims)
    assert seen.keys() == {claim.name for claim in claims}, seen
    assert all(f"probes out {gre.site_interface} of {victim.site.node}" in text for text in seen.values())
    assert not any("of 3 replies" in text or "grew by" in text for text in seen.values()), seen


def test_sas_fail_when_a_tunnel_leaves_its_vrf(lab: Bench, victim: Subject, gre: GreTunnel) -> None:
    claims = list(sas.claims(lab.network))
    name = gre.gateway_interface
    leave, mend = f"ip link set {name} nomaster", f"ip link set {name} master {victim.tunnel.vrf}"
    with broken(lab, victim.tunnel.gateway, leave, mend):
        seen = failing(lab, claims)
    converge(lab.network, lab.lab)
    assert seen.keys() == names(claims, victim.site.name, "GRE tunnel ends in VRF"), seen
    assert "VRF none" in next(iter(seen.values()))


def test_routes_fail_when_the_site_announces_nothing(lab: Bench, victim: Subject) -> None:
    claims, lan = list(routes.claims(lab.network)), ("interface lan", "no ip ospf area 0")
    with broken(lab, victim.site.node, vtysh(*lan), vtysh("interface lan", "ip ospf area 0")):
        await_presence(lab.lab, victim.tables, victim.site.lan, wanted=False, seconds=DEADLINE)
        seen = failing(lab, claims)
    await_presence(lab.lab, victim.tables, victim.site.lan, wanted=True, seconds=DEADLINE)
    (missing,) = names(claims, victim.site.name, "by ospf", str(victim.site.lan))
    assert f"{victim.site.lan}: no such route" in seen[missing]


def test_routes_fail_when_nothing_is_redistributed_to_the_site(lab: Bench, victim: Subject) -> None:
    claims, process = list(routes.claims(lab.network)), f"router ospf vrf {victim.tunnel.vrf}"
    here = ((victim.site.node, 254),)
    stop, again = vtysh(process, "no redistribute bgp"), vtysh(process, "redistribute bgp")
    with broken(lab, victim.tunnel.gateway, stop, again):
        await_presence(lab.lab, here, victim.partner.lan, wanted=False, seconds=DEADLINE)
        seen = failing(lab, claims)
    await_presence(lab.lab, here, victim.partner.lan, wanted=True, seconds=DEADLINE)
    assert seen.keys() == names(claims, f"{victim.site.name}: learns"), seen
    assert f"{victim.partner.lan}: no such route" in next(iter(seen.values()))


def test_injection_fails_without_the_filter(lab: Bench, victim: Subject, gre: GreTunnel) -> None:
    claims = looking_at(injection.claims(lab.network), announcements)
    vrf = f"vrf {victim.tunnel.vrf}"
    filters = f"ip protocol ospf route-map ospf-{victim.tunnel.vrf}"
    with broken(lab, victim.tunnel.gateway, vtysh(vrf, f"no {filters}"), vtysh(vrf, filters)):
        seen = failing(lab, claims)
    converge(lab.network, lab.lab)
    assert seen.keys() == names(claims, f"{victim.site.name}: announces"), seen
    assert f"{victim.partner.lan} by {gre.gateway_interface}" in next(iter(seen.values()))


def test_fail_closed_fails_without_the_guard(lab: Bench, victim: Subject) -> None:
    claims = looking_at(refusals.claims(lab.network), dead_daemons)
    with broken(lab, victim.site.node, "nft delete table ip guard", "nft -f /etc/offnet/nftables.conf"):
        seen = failing(lab, claims)
    lab.forget_vici(victim.site.node)
    converge(lab.network, lab.lab)
    (name,) = names(claims, f"{victim.site.name}: charon killed")
    assert seen.keys() == {name}, seen
    assert f"gre {victim.tunnel.address} > {victim.tunnel.gateway_address}" in seen[name]
