"""The proofs of remote access can fail. IKEv1, where a group is claimed before a user is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import replace

import pytest

from offnet.checks import reach, remote_access, routes, sas
from offnet.experiments.aaa import disconnect, outage
from offnet.experiments.accounting import access, accounted, accounted_sites, sites_accounted
from offnet.experiments.bench import Bench
from offnet.experiments.forgery import OWN_CREDENTIALS
from offnet.experiments.logins import (
    clients,
    group_key,
    group_secret,
    impostors,
    log_in,
    log_out,
    other_group,
    wrong_group_keys,
)
from offnet.experiments.papers import authority_node
from offnet.experiments.presence import await_presence, present
from offnet.experiments.rogue import checking, rogue_gateways, shown_by_gateway
from offnet.experiments.subjects import Subject, subject_of
from offnet.network.model import Crypto, SharedSecret
from offnet.observe.radius import ACCOUNTING_LOG
from tests.sabotage.breaking import (
    DEADLINE,
    SAME_IMPOSTOR,
    assert_mended,
    broken,
    edited,
    failing,
    gateway_connection,
    looking_at,
    names,
    points,
    trusted_impostor,
    untold,
)

pytestmark = pytest.mark.lab

SILENCE = "nft add table ip mute; nft add chain ip mute in '{{ type filter hook input priority 0; }}'; {rule}"
SPEECH = "nft delete table ip mute"


@pytest.fixture(scope="module")
def lab(running_variant: Callable[..., AbstractContextManager[Bench]]) -> Iterator[Bench]:
    """The lab that all tests here break and mend."""
    with running_variant("sabotage-ra", Crypto.AS_PRINTED, lab="remote-access") as bench:
        yield bench
        assert_mended(bench, sas.claims, routes.claims, reach.claims)


@pytest.fixture
def victim(lab: Bench) -> Subject:
    """The client that is made to suffer: that of the second VPN."""
    return clients(lab.network)[-1]


def return_of(lab: Bench, subject: Subject) -> None:
    """A client logs in anew."""
    with closing(Bench(lab.network, lab.lab)) as bench:
        log_out(bench, subject)
        log_in(bench, subject)
        await_presence(lab.lab, subject.tables, subject.site.lan, wanted=True, seconds=DEADLINE)


def test_session_fails_without_one(lab: Bench, victim: Subject) -> None:
    claims = list(remote_access.passive(lab.network))
    log_out(lab, victim)
    try:
        seen = failing(lab, claims)
    finally:
        return_of(lab, victim)
    assert seen.keys() == names(claims, f"{victim.site.name}:"), seen
    assert "0 sessions" in next(iter(seen.values()))


def test_who_has_logged_out_has_no_route_anywhere(lab: Bench, victim: Subject) -> None:
    log_out(lab, victim)
    try:
        left = [router for router, table in victim.tables if present(lab.lab, router, table, victim.site.lan)]
    finally:
        return_of(lab, victim)
    assert victim.tables
    assert not left


def test_impostor_fails_where_no_membership_is_required(lab: Bench, victim: Subject) -> None:
    claims = looking_at(remote_access.claims(lab.network), impostors)
    claimed = other_group(lab.network, victim)
    assert claimed is not None
    own = lab.network.node(victim.tunnel.gateway).connection(claimed)
    assert own.remote_xauth is not None
    gateway = lab.vici(victim.tunnel.gateway)
    gateway.load_conn(replace(own, remote_xauth=replace(own.remote_xauth, groups=())))
    try:
        seen = failing(lab, claims)
    finally:
        gateway.load_conn(own)
        return_of(lab, victim)
    assert seen.keys() == names(claims, f"{victim.site.name}:"), seen
    assert f"session of {claimed}" in next(iter(seen.values()))
    assert f"SA with if_id {own.children[0].if_id}" in next(iter(seen.values()))


def test_wrong_group_key_fails_when_it_is_the_right_one(lab: Bench, victim: Subject) -> None:
    claims = looking_at(remote_access.claims(lab.network), wrong_group_keys)
    name, gateway = victim.tunnel.gateway_connection, lab.vici(victim.tunnel.gateway)
    right = group_key(lab.network, victim.tunnel.gateway, name)
    owner = str(victim.connection.local.id)
    gateway.load_shared(SharedSecret(name, (owner,), f"not-{group_secret(lab.network, victim).secret}"))
    try:
        seen = failing(lab, claims)
    finally:
        gateway.load_shared(SharedSecret(name, (owner,), right))
        return_of(lab, victim)
    assert seen.keys() == names(claims, f"{victim.site.name}:"), seen
    assert f"SA left: {name} of {victim.tunnel.user}" in next(iter(seen.values()))


def test_accounting_fails_when_no_record_is_written(lab: Bench, victim: Subject) -> None:
    claims = looking_at(remote_access.claims(lab.network), accounted)
    radius = access(lab.network, victim.tunnel.gateway)
    with broken(lab, radius.node, f"mount --bind /dev/null {ACCOUNTING_LOG}", f"umount {ACCOUNTING_LOG}"):
        seen = failing(lab, claims)
    assert seen.keys() == names(claims, "accounting tells") | names(claims, "accounted octets"), seen
    assert set(seen.values()) == {"no Start record", "no interim record; no stop record"}


@pytest.mark.parametrize(
    ("edit", "claim", "told"),
    [
        ('s/"{connection}": "{own}"/"{connection}": "{other}"/', "which site is in which VPN", "VRF {other}"),
        ('s/"interim": [0-9]*/"interim": 3600/', "accounted octets", "no interim record"),
    ],
    ids=["vpn", "octets"],
)
def test_accounting_of_a_site_fails_when_the_agent_tells_else(
    lab: Bench, victim: Subject, edit: str, claim: str, told: str
) -> None:
    claims = looking_at(remote_access.claims(lab.network), sites_accounted)
    (site,) = accounted_sites(lab.network)
    own, other = site.tunnel.vrf, victim.tunnel.vrf
    sed = edit.format(connection=site.tunnel.gateway_connection, own=own, other=other)
    file, again = "/etc/offnet/agent.json", "kill -KILL $(pidof python3)"  # its supervisor starts it anew
    changed = f"sed '{sed}' {file} >/run/agent.json && ! cmp -s {file} /run/agent.json"
    breaking = f"{changed} && mount --bind /run/agent.json {file} && {again}"
    with broken(lab, site.tunnel.gateway, breaking, f"umount {file} && {again}"):
        seen = failing(lab, claims)
    assert seen.keys() == names(claims, f"{site.site.name}:", claim), seen
    assert told.format(other=other) in next(iter(seen.values()))


def test_stay_fails_when_a_session_carries_nothing(lab: Bench, victim: Subject) -> None:
    claims = looking_at(remote_access.claims(lab.network), outage)
    rule = "nft add rule ip mute in udp sport 4500 drop"
    with broken(lab, victim.site.node, SILENCE.format(rule=rule), SPEECH):
        seen = failing(lab, claims)
    return_of(lab, victim)
    assert seen.keys() == names(claims, "sessions stay"), seen
    assert f"0 replies to {victim.site.name}" in next(iter(seen.values()))


def test_twins_behind_one_nat_fail_when_both_are_in_one_vrf(lab: Bench, victim: Subject) -> None:
    own = points("remote-access")
    twin = next(
        subject_of(lab.network, site)
        for site, tunnel in lab.network.tunnels()
        if tunnel.address == victim.tunnel.address and site.name != victim.site.name
    )
    own.test_the_same_inner_address_in_two_vpns(lab, untold)
    connection, gateway = gateway_connection(lab, twin), lab.vici(twin.tunnel.gateway)
    child = replace(connection.children[0], if_id=victim.tunnel.if_id)
    log_out(lab, twin)
    gateway.load_conn(replace(connection, children=(child,)))
    try:
        log_in(lab, twin)
        with pytest.raises(AssertionError):
            own.test_the_same_inner_address_in_two_vpns(lab, untold)
    finally:
        gateway.load_conn(connection)
        return_of(lab, twin)
        return_of(lab, victim)
    own.test_the_same_inner_address_in_two_vpns(lab, untold)


def test_disconnect_fails_when_the_gateway_does_not_listen(lab: Bench, victim: Subject) -> None:
    claims = looking_at(remote_access.claims(lab.network), disconnect)
    rule = "nft add rule ip mute in udp dport 3799 drop"
    with broken(lab, victim.tunnel.gateway, SILENCE.format(rule=rule), SPEECH):
        seen = failing(lab, claims)
    assert seen.keys() == names(claims, "Disconnect-Request"), seen
    assert "answer: none" in next(iter(seen.values()))


@pytest.fixture(scope="module")
def modern(running_variant: Callable[..., AbstractContextManager[Bench]]) -> Iterator[Bench]:
    """The lab with IKEv2, where the gateway shows a certificate."""
    with running_variant("sabotage-eap", Crypto.MODERN, lab="remote-access") as bench:
        yield bench
        assert_mended(bench, sas.claims, routes.claims, reach.claims)


def test_rogue_gateway_fails_when_its_authority_is_trusted(modern: Bench) -> None:
    claims = looking_at(remote_access.claims(modern.network), rogue_gateways)
    victim = checking(modern.network)[-1]
    node, own = victim.site.node, victim.connection
    ca, authority = authority_node(modern.network).name, shown_by_gateway(modern.network, victim).authority
    file = trusted_impostor(modern, authority, node)
    spoke = modern.vici(node)
    spoke.load_conn(replace(own, remote=replace(own.remote, authority=file)))
    try:
        with edited(modern, ca, SAME_IMPOSTOR):
            seen = failing(modern, claims)
    finally:
        spoke.load_conn(own)
        modern.lab.run(node, ("rm", file))
        modern.lab.run(node, OWN_CREDENTIALS)
        return_of(modern, victim)
    assert seen.keys() == names(claims, f"{victim.site.name}:"), seen
    assert f"SA left: offnet-rogue-{victim.site.name} of {victim.tunnel.user}" in next(iter(seen.values()))
