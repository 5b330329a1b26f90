"""The proofs about DMVPNs can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from shlex import join

import pytest

from offnet.checks import clouds, injection, routes, sas
from offnet.experiments.announcing import announcements
from offnet.experiments.bench import Bench
from offnet.experiments.convergence import converge
from offnet.experiments.foreign_keys import attacks, foreign_keys
from offnet.experiments.registrations import registered
from offnet.experiments.shortcuts import forget, shortcuts
from offnet.network.model import Cloud, Crypto
from offnet.observe.places import place, vtysh
from offnet.wait import until
from tests.sabotage.breaking import broken, failing, looking_at, names

pytestmark = pytest.mark.lab
DEADLINE = 30.0


@pytest.fixture(scope="module")
def lab(running_variant: Callable[..., AbstractContextManager[Bench]]) -> Iterator[Bench]:
    """The lab dmvpn, which all tests break and mend."""
    with running_variant("sabotage-dmvpn", Crypto.MODERN, lab="dmvpn") as bench:
        yield bench
        topics = (sas.claims, routes.claims, clouds.passive)
        left = failing(bench, [claim for topic in topics for claim in topic(bench.network)])
        assert not left, "a test did not mend what it broke"


@pytest.fixture
def cloud(lab: Bench) -> Cloud:
    """The cloud with two spokes."""
    (found,) = (cloud for cloud in lab.network.clouds if len(cloud.spokes) > 1)
    return found


def at_hub(cloud: Cloud, *commands: str) -> str:
    """A shell command for the FRR instance of a cloud's hub."""
    return join(vtysh(place(cloud.hub, cloud.name), *commands))


def register(lab: Bench, cloud: Cloud) -> None:
    """All spokes register at once, and are known again."""
    server = f"ip nhrp nhs {cloud.nhrp.server} nbma {cloud.source}"
    inside = ("configure terminal", f"interface {cloud.interface}", f"no {server}", server)
    for name in cloud.spokes:
        lab.lab.run(name, vtysh(name, *inside))
    until(
        lambda: len(registered(lab, cloud.name)) == len(cloud.spokes),
        what=f"all spokes of {cloud.name} are registered",
        deadline=DEADLINE,
    )
    converge(lab.network, lab.lab)


def test_registrations_fail_when_the_hub_has_forgotten_its_spokes(lab: Bench, cloud: Cloud) -> None:
    claims = list(clouds.passive(lab.network))
    lab.lab.run(cloud.hub, vtysh(place(cloud.hub, cloud.name), "clear ip nhrp cache"))
    seen = failing(lab, claims)
    register(lab, cloud)
    assert seen.keys() == names(claims, cloud.name), seen
    assert next(iter(seen.values())).count("is not registered") == len(cloud.spokes)


def test_shortcuts_fail_when_the_hub_tells_nobody_of_them(lab: Bench, cloud: Cloud) -> None:
    claims = looking_at(clouds.claims(lab.network), shortcuts)
    interface = ("configure terminal", f"interface {cloud.interface}")
    silent, again = (
        at_hub(cloud, *interface, "no ip nhrp redirect"),
        at_hub(cloud, *interface, "ip nhrp redirect"),
    )
    forget(lab, cloud)
    with broken(lab, cloud.hub, silent, again):
        seen = failing(lab, claims)
    assert seen.keys() == names(claims, *cloud.spokes), seen
    assert "TTL 63" in next(iter(seen.values()))
    assert "no SA that both" in next(iter(seen.values()))
    assert not failing(lab, claims)


def test_isolation_fails_when_the_hub_takes_a_key_from_any_sa(lab: Bench) -> None:
    claims = looking_at(clouds.claims(lab.network), foreign_keys)
    (hub,) = {cloud.hub for cloud in lab.network.clouds}
    with broken(lab, hub, "nft delete table ip guard", "nft -f /etc/offnet/nftables.conf"):
        seen = failing(lab, claims)
    assert seen.keys() == {claim.name for claim in claims}, seen
    victims = {victim.name for _, _, victim in attacks(lab.network)}
    assert {
        victim for victim in victims for text in seen.values() if f"3 arrived at {victim}" in text
    } == victims


def test_sas_fail_when_a_context_leaves_its_vrf(lab: Bench, cloud: Cloud) -> None:
    claims = list(sas.claims(lab.network))
    leave, mend = f"ip link set {cloud.name} nomaster", f"ip link set {cloud.name} master {cloud.vpn}"
    with broken(lab, cloud.hub, leave, mend):
        seen = failing(lab, claims)
    converge(lab.network, lab.lab)
    assert seen.keys() == {
        name for spoke in cloud.spokes for name in names(claims, spoke, "GRE tunnel ends in VRF")
    }, seen
    assert all("VRF none" in text for text in seen.values())


def test_routes_fail_when_the_context_tells_the_pe_nothing(lab: Bench, cloud: Cloud) -> None:
    claims = list(routes.claims(lab.network))
    (asn,) = {edge.asn for edge in lab.network.node(cloud.hub).context(cloud.name).edges}
    inside = ("configure terminal", f"router bgp {asn}", "address-family ipv4 unicast")
    silent, again = (
        at_hub(cloud, *inside, "no redistribute ospf"),
        at_hub(cloud, *inside, "redistribute ospf"),
    )
    with broken(lab, cloud.hub, silent, again):
        wanted = {name for spoke in cloud.spokes for name in names(claims, spoke, "by ospf", "in VRF")}
        seen: dict[str, str] = {}

        def withdrawn() -> bool:
            seen.clear()
            seen.update(failing(lab, claims))
            return wanted <= seen.keys()

        until(withdrawn, what=f"routes of {cloud.name} are withdrawn", deadline=DEADLINE)
    converge(lab.network, lab.lab)
    assert all("no such route" in seen[name] for name in wanted)


def test_injection_fails_without_the_filter(lab: Bench, cloud: Cloud) -> None:
    claims = looking_at(injection.claims(lab.network), announcements)
    line = "ip protocol ospf route-map ospf"
    off, on = at_hub(cloud, "configure terminal", f"no {line}"), at_hub(cloud, "configure terminal", line)
    with broken(lab, cloud.hub, off, on):
        seen = failing(lab, claims)
    converge(lab.network, lab.lab)
    (name,) = names(claims, cloud.spokes[-1], "announces")
    assert seen.keys() == {name}, seen
    assert f"0.0.0.0/0 by {cloud.interface}" in seen[name]
