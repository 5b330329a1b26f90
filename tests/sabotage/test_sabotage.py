"""Every proof can fail: each test breaks the running lab, and sees the right claims fail for that reason.

One lab serves all tests, so each mends what it broke. Every look is with a fresh bench.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest

from offnet.checks import injection, isolation, reach, refusals, route_targets, routes, sas, wire
from offnet.checks.claim import Claim
from offnet.experiments.bench import Bench
from offnet.experiments.closed import dead_daemons
from offnet.experiments.injection import greed, rekeyings
from offnet.experiments.presence import await_presence
from offnet.experiments.probes import probe
from offnet.experiments.reach import reach as reach_experiment
from offnet.experiments.refusal import STRANGER, unknown_identities, wrong_keys
from offnet.experiments.route_targets import importer
from offnet.experiments.subjects import Subject, subjects
from offnet.experiments.wire import CONTROL_LENGTH, wire_capture
from offnet.network.model import AuthRound, Crypto, IkeConnection, Role, SharedSecret
from offnet.observe import frr
from offnet.observe.errors import CommandRefused
from offnet.observe.question import ask
from offnet.observe.vici import Vici
from offnet.render.node import REVERSE_ROUTE_PROTOCOL
from offnet.wait import until

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("sabotage")]
DEADLINE = 10.0


@pytest.fixture(scope="module")
def lab(running_variant: Callable[..., AbstractContextManager[Bench]]) -> Iterator[Bench]:
    """The lab that all tests break and mend. IKEv2 tells at once when it refuses, so that is quick."""
    with running_variant("sabotage", Crypto.MODERN) as bench:
        yield bench


@pytest.fixture
def victim(lab: Bench) -> Subject:
    """The off-net site that is made to suffer: that of the second VPN."""
    return subjects(lab.network)[-1]


# ---- looking ---------------------------------------------------------------------------------


def failing(lab: Bench, claims: Iterable[Claim[Any]], *first: Callable[[Bench], Any]) -> dict[str, str]:
    """What claims see that do not hold, by name, each look made anew; ``first`` are looked at before."""
    with closing(Bench(lab.network, lab.lab)) as bench:
        for experiment in first:
            bench.once(experiment)
        return {claim.name: verdict.seen for claim in claims if not (verdict := claim.prove(bench)).holds}


def names(claims: Iterable[Claim[Any]], *texts: str) -> set[str]:
    """The names of claims that have all of these texts in them."""
    found = {claim.name for claim in claims if all(text in claim.name for text in texts)}
    assert found, f"no claim is about {texts}"
    return found


# ---- breaking and mending --------------------------------------------------------------------


def gateway_connection(lab: Bench, victim: Subject) -> IkeConnection:
    """The victim's connection at its aggregator."""
    return lab.network.node(victim.tunnel.gateway).connection(victim.tunnel.gateway_connection)


def gateway_secret(lab: Bench, victim: Subject) -> SharedSecret:
    """The victim's key at its aggregator."""
    ike = lab.network.node(victim.tunnel.gateway).ike
    assert ike is not None
    return next(key for key in ike.secrets if str(victim.tunnel.address) in key.owners)


def renew(lab: Bench, victim: Subject) -> None:
    """Sets the victim's tunnel up anew and waits for its SA at both ends and its route everywhere."""
    name, ends = victim.tunnel.site_connection, victim.tunnel.gateway_connection
    with Vici(lab.lab, victim.site.node) as spoke, Vici(lab.lab, victim.tunnel.gateway) as gateway:
        if spoke.list_sas(name):
            spoke.terminate(ike=name, force=True)
        with suppress(CommandRefused):  # its trap may have been quicker
            spoke.initiate(victim.connection.children[0].name, name, timeout=DEADLINE)
        for charon, connection in ((spoke, name), (gateway, ends)):
            until(
                lambda charon=charon, connection=connection: any(  # type: ignore[misc]  # bound early
                    sa.current_children for sa in charon.list_sas(connection)
                ),
                what=f"an SA {connection} at {charon.node}",
                deadline=DEADLINE,
            )
    await_presence(lab.lab, victim.tables, victim.site.lan, wanted=True, seconds=DEADLINE)


def injection_of(victim: Subject) -> str:
    """The command that puts the victim's reverse route back as the agent had put it there."""
    _, table = victim.tables[0]
    where = f"dev ipsec{victim.tunnel.if_id} table {table} proto {REVERSE_ROUTE_PROTOCOL}"
    return f"ip route replace {victim.site.lan} {where}"


def waiting(connection: IkeConnection, **changes: Any) -> IkeConnection:
    """A site's connection with its child changed, which does not start by itself when it is loaded."""
    return replace(connection, children=(replace(connection.children[0], start_action="trap", **changes),))


@contextmanager
def broken(lab: Bench, node: str, breaking: str, mending: str = "true") -> Iterator[None]:
    """A node while one command has broken it, until another one mends it."""
    lab.lab.run(node, ["sh", "-ec", breaking])
    try:
        yield
    finally:
        lab.lab.run(node, ["sh", "-ec", mending])


@contextmanager
def reconfigured(lab: Bench, victim: Subject, **changes: Any) -> Iterator[None]:
    """The aggregator with another child configuration for the victim, and the tunnel as before afterwards."""
    own = gateway_connection(lab, victim)
    gateway = lab.vici(victim.tunnel.gateway)
    gateway.load_conn(replace(own, children=(replace(own.children[0], **changes),)))
    try:
        yield
    finally:
        gateway.load_conn(own)
        renew(lab, victim)


@contextmanager
def renewed(lab: Bench, victim: Subject) -> Iterator[None]:
    """Whatever happens to the victim's tunnel in the block, it is set up anew after it."""
    try:
        yield
    finally:
        renew(lab, victim)


def leak(lab: Bench, victim: Subject) -> None:
    """The victim sends to its partner."""
    probe(
        lab.lab,
        victim.site.node,
        victim.site.host,
        (victim.partner.host,),
        count=2,
        length=111,
        wait_ms=50,
    )


# ---- 1 reach, 2 isolation --------------------------------------------------------------------


def test_reach_fails_without_a_policy(lab: Bench, victim: Subject) -> None:
    tunnel, claims = victim.tunnel, list(reach.claims(lab.network))
    delete = f"ip xfrm policy delete src 0.0.0.0/0 dst {victim.site.lan} dir out if_id {tunnel.if_id}"
    with renewed(lab, victim), broken(lab, tunnel.gateway, delete):
        seen = failing(lab, claims)
    assert seen.keys() == names(claims, victim.site.name), seen
    assert all("0 of 3 replies" in text and f"at {tunnel.gateway} grew by" in text for text in seen.values())


def test_isolation_fails_when_a_tunnel_ends_in_the_wrong_vrf(lab: Bench, victim: Subject) -> None:
    tunnel, claims = victim.tunnel, list(isolation.claims(lab.network))
    other = next(vpn.name for vpn in lab.network.vpns if vpn.name != tunnel.vrf)
    move = f"ip link set ipsec{tunnel.if_id} master"
    with broken(lab, tunnel.gateway, f"{move} {other}", f"{move} {tunnel.vrf}"):
        seen = failing(lab, claims)
    # Its routes went when it moved; zebra takes one back only once it has seen the interface return.
    interface = frr.text_query("zebra", f"show interface ipsec{tunnel.if_id} vrf {tunnel.vrf}")
    until(
        lambda: f"vrf: {tunnel.vrf}" in ask(lab.lab, tunnel.gateway, interface),
        what=f"zebra of {tunnel.gateway} has ipsec{tunnel.if_id} in {tunnel.vrf}",
        deadline=DEADLINE,
    )
    lab.lab.run(tunnel.gateway, injection_of(victim))
    await_presence(lab.lab, victim.tables, victim.site.lan, wanted=True, seconds=DEADLINE)
    twin = next(s for s in lab.network.sites_of(other) if s.host == victim.partner.host)
    outward = names(claims, f"{victim.site.name}: probes to {victim.partner.host}")
    inward = names(claims, f"{victim.partner.name}: probes to {victim.site.host}")
    assert seen.keys() == outward | inward
    assert f"arrived at {twin.name}" in seen[outward.pop()]
    assert f"0 arrived at {victim.site.name}" in seen[inward.pop()]


# ---- 3 routes --------------------------------------------------------------------------------


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
    route = f"{victim.tunnel.address}/32 dev ipsec{victim.tunnel.if_id} table {table}"
    with broken(lab, gateway, f"ip route add {route}", f"ip route del {route}"):
        seen = failing(lab, claims)
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
    targets = f"rt vpn import {' '.join(other.rt_import)}"
    with broken(lab, subject.pe.name, f"{vtysh} -c 'no {targets}'", f"{vtysh} -c '{targets}'"):
        lost = tuple(subject.learned[other.name])
        await_presence(lab.lab, ((subject.pe.name, other.table),), lost[0], wanted=False, seconds=DEADLINE)
        seen = failing(lab, [claim])
    assert f"{other.name} lacks {lost[0]}" in seen[claim.name]
    await_presence(lab.lab, ((subject.pe.name, other.table),), lost[0], wanted=True, seconds=DEADLINE)


# ---- 4 wire ----------------------------------------------------------------------------------


def failing_on_the_wire(lab: Bench, victim: Subject, *before: Callable[[], None]) -> dict[str, str]:
    """What the claims about the wire see, with a capture that has seen a negotiation and all SAs in use."""
    everything = [wire_capture, *(lambda _, act=act: act() for act in before)]
    return failing(lab, wire.claims(lab.network), *everything, lambda _: renew(lab, victim), reach_experiment)


def test_wire_fails_when_a_packet_leaves_in_clear(lab: Bench, victim: Subject) -> None:
    def leave_in_clear() -> None:
        remove, restore = (
            "nft delete table ip guard; ip xfrm policy flush",
            "nft -f /etc/offnet/nftables.conf",
        )
        with broken(lab, victim.site.node, remove, restore):
            leak(lab, victim)

    seen = failing_on_the_wire(lab, victim, leave_in_clear)
    (name,) = names(wire.claims(lab.network), "sees ESP, IKE and ARP only")
    assert seen.keys() == {name}
    assert f"icmp {victim.site.host} > {victim.partner.host}" in seen[name]


def test_wire_fails_when_the_control_is_not_seen(lab: Bench, victim: Subject) -> None:
    blind = (
        "nft add table ip blind; nft add chain ip blind out '{ type filter hook output priority 0; }'; "
        f"nft add rule ip blind out meta length {CONTROL_LENGTH} drop"
    )
    with broken(lab, lab.network.capture_point, blind, "nft delete table ip blind"):
        seen = failing_on_the_wire(lab, victim)
    (name,) = names(wire.claims(lab.network), "positive control")
    assert seen == {name: "0 clear packets seen"}


def test_wire_fails_when_the_internet_reaches_into_a_vpn(lab: Bench, victim: Subject) -> None:
    target = lab.network.sites_of(victim.site.vpn)[0]
    leaked = f"{target.host}/32 dev {target.vpn}"
    with broken(lab, victim.tunnel.gateway, f"ip route add {leaked}", f"ip route del {leaked}"):
        seen = failing_on_the_wire(lab, victim)
    (name,) = names(wire.claims(lab.network), "clear packets from the Internet")
    assert seen.keys() == {name}
    assert f"arrived at {target.name}" in seen[name]


# ---- 5 SAs -----------------------------------------------------------------------------------


def test_sas_fail_with_another_transform(lab: Bench, victim: Subject) -> None:
    claims, own = list(sas.claims(lab.network)), victim.connection
    other = ("aes256-sha384",)
    with reconfigured(lab, victim, esp_proposals=other):
        spoke = lab.vici(victim.site.node)
        spoke.load_conn(waiting(own, esp_proposals=other))
        try:
            renew(lab, victim)
            seen = failing(lab, claims)
        finally:
            spoke.load_conn(waiting(own))
    assert seen.keys() == names(claims, f"{victim.site.name}: CHILD_SA"), seen
    assert "transform AES_CBC-256 HMAC_SHA2_384_192" in next(iter(seen.values()))


def test_sas_fail_in_the_wrong_vrf(lab: Bench, victim: Subject) -> None:
    claims = list(sas.claims(lab.network))
    vrfs = lab.network.node(victim.tunnel.gateway).default.vrfs
    wrong = next(vrf.if_id for vrf in vrfs if vrf.name != victim.tunnel.vrf)
    with reconfigured(lab, victim, if_id=wrong):
        spoke = lab.vici(victim.site.node)
        spoke.terminate(ike=victim.tunnel.site_connection)
        spoke.initiate(victim.connection.children[0].name, victim.tunnel.site_connection)
        seen = failing(lab, claims)
    assert seen.keys() == names(claims, f"{victim.site.name}: CHILD_SA") | names(
        claims, f"{victim.site.name}: SADB"
    )
    assert all(f"if_id {wrong}" in text for text in seen.values())


# ---- 6 refusals, 7 fail closed ---------------------------------------------------------------


def looking_at(claims: Iterable[Claim[Any]], experiment: Callable[[Bench], Any]) -> list[Claim[Any]]:
    """The claims that judge one experiment."""
    return [claim for claim in claims if claim.look is experiment]


def test_refusals_fail_when_the_wrong_key_is_accepted(lab: Bench, victim: Subject) -> None:
    claims = looking_at(refusals.claims(lab.network), wrong_keys)
    right, gateway = gateway_secret(lab, victim), lab.vici(victim.tunnel.gateway)
    gateway.load_shared(replace(right, secret=f"not-{right.secret}"))
    try:
        seen = failing(lab, claims)
    finally:
        gateway.load_shared(right)
        renew(lab, victim)
    assert seen.keys() == names(claims, f"{victim.site.name}:"), seen
    (refused,) = names(claims, f"{victim.site.name}: wrong key")
    assert f"SA left: {victim.tunnel.gateway_connection}" in seen[refused]
    (traffic,) = names(claims, f"{victim.site.name}: no SA, no traffic")
    assert f"3 to {victim.partner.name}" in seen[traffic]


def test_refusals_fail_when_a_stranger_is_accepted(lab: Bench, victim: Subject) -> None:
    claims = looking_at(refusals.claims(lab.network), unknown_identities)
    own, key, gateway = (
        gateway_connection(lab, victim),
        gateway_secret(lab, victim),
        lab.vici(victim.tunnel.gateway),
    )
    stranger = f"{victim.site.name}.{STRANGER}"
    gateway.load_conn(replace(own, name="open", remote=AuthRound("psk", stranger)))
    gateway.load_shared(replace(key, name="open", owners=(stranger,)))
    try:
        seen = failing(lab, claims)
    finally:
        gateway.unload_conn("open")
        gateway.unload_shared("ike-open")
        renew(lab, victim)
    assert seen.keys() == names(claims, f"{victim.site.name}: unknown identity"), seen
    assert f"SA left: open {stranger}" in next(iter(seen.values()))


def test_fail_closed_fails_without_its_guard(lab: Bench, victim: Subject) -> None:
    claims = looking_at(refusals.claims(lab.network), dead_daemons)
    open_guard, restore = "nft delete table ip guard", "nft -f /etc/offnet/nftables.conf"
    with broken(lab, victim.site.node, open_guard, restore):
        seen = failing(lab, claims)
    lab.forget_vici(victim.site.node)
    assert seen.keys() == names(claims, f"{victim.site.name}: charon killed"), seen
    assert f"icmp {victim.site.host} > {victim.partner.host}" in next(iter(seen.values()))


# ---- 8 injection -----------------------------------------------------------------------------


def test_injection_fails_when_the_aggregator_accepts_anything(lab: Bench, victim: Subject) -> None:
    claims = looking_at(injection.claims(lab.network), greed)
    with reconfigured(lab, victim, remote_ts=("0.0.0.0/0",)):
        seen = failing(lab, claims)
    assert seen.keys() == names(claims, f"{victim.site.name}: proposes"), seen
    assert any(f"SA for {victim.partner.lan}" in text for text in seen.values())
    assert any("SA for 0.0.0.0/0" in text for text in seen.values())


def test_injection_fails_when_a_rekeying_leaves_no_route(lab: Bench, victim: Subject) -> None:
    claims, (gateway, table) = looking_at(injection.claims(lab.network), rekeyings), victim.tables[0]
    withdraw = f"ip route del {victim.site.lan} table {table}"
    with broken(lab, gateway, withdraw, injection_of(victim)):
        seen = failing(lab, claims)
    await_presence(lab.lab, victim.tables, victim.site.lan, wanted=True, seconds=DEADLINE)
    assert seen.keys() == names(claims, f"{victim.site.name}: rekeys"), seen
    assert f"no route at {gateway}" in next(iter(seen.values()))


# ---- and the lab is whole again --------------------------------------------------------------


def test_nothing_stays_broken(lab: Bench) -> None:
    topics = (sas, routes, reach, isolation, route_targets)
    assert not failing(lab, [claim for topic in topics for claim in topic.claims(lab.network)])
