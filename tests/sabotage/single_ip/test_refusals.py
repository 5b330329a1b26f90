"""Refusals and fail-closed can fail."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from offnet.checks import refusals
from offnet.experiments.bench import Bench
from offnet.experiments.closed import dead_daemons
from offnet.experiments.refusal import STRANGER, unknown_identities, wrong_keys
from offnet.experiments.subjects import Subject
from offnet.network.model import AuthRound, Identity, IdentityKind
from tests.sabotage.breaking import (
    broken,
    failing,
    gateway_connection,
    gateway_secret,
    looking_at,
    names,
    renew,
)

pytestmark = pytest.mark.lab


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
    assert re.search(rf"[1-9] to {victim.partner.name}", seen[traffic]), seen[traffic]


def test_refusals_fail_when_a_stranger_is_accepted(lab: Bench, victim: Subject) -> None:
    claims = looking_at(refusals.claims(lab.network), unknown_identities)
    own, key, gateway = (
        gateway_connection(lab, victim),
        gateway_secret(lab, victim),
        lab.vici(victim.tunnel.gateway),
    )
    stranger = f"{victim.site.name}.{STRANGER}"
    remote = AuthRound("psk", Identity(IdentityKind.FQDN, stranger))
    gateway.load_conn(replace(own, name="open", remote=remote))
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
