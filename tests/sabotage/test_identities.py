"""Proofs about identities and front doors can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import replace

import pytest

from offnet import resources
from offnet.checks import incomplete, injection, wire
from offnet.errors import DeadlineExpired
from offnet.experiments.bench import Bench
from offnet.experiments.injection import greed
from offnet.experiments.reach import reach
from offnet.experiments.subjects import Subject, subject_of, subjects
from offnet.experiments.wire import wire_capture
from offnet.intent import load
from offnet.network.model import AuthRound, Crypto, Identity
from offnet.observe import kernel
from offnet.observe.errors import CommandRefused
from tests.sabotage.breaking import (
    broken,
    failing,
    gateway_connection,
    looking_at,
    names,
    points,
    reconfigured,
    untold,
)

pytestmark = pytest.mark.lab
Running = Callable[..., AbstractContextManager[Bench]]


@pytest.fixture(scope="module")
def identities(running_variant: Running) -> Iterator[Bench]:
    with running_variant("sabotage-ids", Crypto.MODERN, lab="identities") as bench:
        yield bench


@pytest.fixture(scope="module")
def doors(running_variant: Running) -> Iterator[Bench]:
    with running_variant("sabotage-doors", Crypto.MODERN, lab="front-door-vrf") as bench:
        yield bench


def test_incomplete_fails_when_nothing_is_counted(identities: Bench) -> None:
    claims = list(incomplete.claims(identities.network))
    (one,) = identities.network.unprotected
    remove, restore = (
        "nft flush chain ip incomplete leaving",
        "nft delete table ip incomplete; nft -f /etc/offnet/nftables.conf",
    )
    with broken(identities, one.site.pe, remove, restore):
        seen = failing(identities, claims)
    assert seen.keys() == names(claims, "dropped and counted"), seen
    assert "0 of 3 probes counted" in next(iter(seen.values()))
    assert failing(identities, claims) == {}


def test_incomplete_fails_when_its_site_gets_an_sa(identities: Bench) -> None:
    claims = list(incomplete.claims(identities.network))
    (one,) = identities.network.unprotected
    other = identities.network.node(one.site.pe).connection("spoke-vpn1-east")
    child = replace(other.children[0], remote_ts=(str(one.site.lan),))
    peer = AuthRound("psk", Identity.address(one.address))
    open_door = replace(
        other, name="open", remote_addresses=(str(one.address),), remote=peer, children=(child,)
    )
    gateway = identities.vici(one.site.pe)
    gateway.load_conn(open_door)
    try:
        seen = failing(identities, claims)
    finally:
        gateway.unload_conn("open")
        with suppress(CommandRefused):
            gateway.terminate(ike="open")
    (refused,) = names(claims, "no match, no SA")
    assert f"SA: open {one.address}" in seen[refused]


def of_shared_connection(bench: Bench) -> Subject:
    """A subject whose connection at the aggregator is a pattern's."""
    return next(
        subject
        for subject in subjects(bench.network)
        if bench.network.node(subject.tunnel.gateway)
        .connection(subject.tunnel.gateway_connection)
        .remote.id.pattern
    )


def test_injection_fails_without_the_agent_where_peers_share_a_connection(identities: Bench) -> None:
    """charon alone would give a peer of a domain what is another one's."""
    victim = of_shared_connection(identities)
    claims = [
        c for c in looking_at(injection.claims(identities.network), greed) if victim.site.name in c.name
    ]
    hold, release = "kill -STOP $(pidof python3)", "kill -CONT $(pidof python3)"
    wide = (str(victim.site.lan), str(victim.partner.lan))
    with reconfigured(identities, victim, remote_ts=wide):
        assert failing(identities, claims) == {}, "the agent ends what is not the peer's"
        with broken(identities, victim.tunnel.gateway, hold, release):
            seen = failing(identities, claims)
    # Either proposal gets it: of everything, charon gives what it may give to anybody.
    assert any(f"SA for {victim.partner.lan}" in text for text in seen.values()), seen


def test_wire_fails_without_the_filter_of_a_door_inside_its_vrf(doors: Bench) -> None:
    (gateway,) = {tunnel.gateway for _, tunnel in doors.network.tunnels()}
    inside = next(
        subject_of(doors.network, site)
        for site, tunnel in doors.network.tunnels()
        if tunnel.vrf == doors.network.node(gateway).default.interface("wan.102").vrf
    )
    claims = list(wire.claims(doors.network))
    remove, restore = "nft delete table ip front-doors", "nft -f /etc/offnet/nftables.conf"
    with broken(doors, gateway, remove, restore):
        seen = failing(doors, claims, wire_capture, reach)
    (entered,) = names(claims, "clear packets from the Internet enter no VPN")
    assert f"arrived at {inside.partner.name}" in seen[entered]


def test_tags_fail_when_packets_leave_by_another_door(doors: Bench) -> None:
    own, intent = points("front-door-vrf"), load(resources.labs() / "front-door-vrf")
    one, other, *_ = own.the_gateway(intent)[1].doors().values()
    victim = own.wanted(doors, intent, behind=next(iter(intent.nats)))
    gateway = victim.tunnel.gateway
    found = doors.network.node(gateway).default.interfaces
    right, wrong = (next(i for i in found if door.address in i.addresses) for door in (one, other))
    lookup = kernel.route_get(doors.lab, gateway, one.next_hop + 1, vrf=right.vrf)
    astray = f"{victim.tunnel.address}/32 table {lookup.table}"
    way = f"{astray} via {other.next_hop} dev {wrong.name} onlink"
    with (
        broken(doors, gateway, f"ip route add {way}", f"ip route del {astray}"),
        closing(Bench(doors.network, doors.lab)) as bench,
        pytest.raises(AssertionError),
    ):
        own.test_9_24_tunnels_keep_to_the_tag_of_their_door(bench, intent, untold)
    with closing(Bench(doors.network, doors.lab)) as bench:
        own.test_9_24_tunnels_keep_to_the_tag_of_their_door(bench, intent, untold)


def test_a_new_address_fails_where_the_aggregator_knows_the_old_one_only(doors: Bench) -> None:
    own, intent = points("front-door-vrf"), load(resources.labs() / "front-door-vrf")
    victim = own.wanted(doors, intent, dynamic=True)
    gateway, connection = doors.vici(victim.tunnel.gateway), gateway_connection(doors, victim)
    gateway.load_conn(replace(connection, remote_addresses=(str(victim.tunnel.address),)))
    try:
        with pytest.raises(DeadlineExpired, match=f"{victim.site.name} has an SA from"):
            own.test_a_spoke_with_a_new_address_is_back_by_itself(doors, intent, untold)
    finally:
        gateway.load_conn(connection)
    own.test_a_spoke_with_a_new_address_is_back_by_itself(doors, intent, untold)
