"""The proof of robust injection can fail."""

from __future__ import annotations

import pytest

from offnet.checks import injection
from offnet.experiments.bench import Bench
from offnet.experiments.injection import greed, rekeyings
from offnet.experiments.presence import await_presence
from offnet.experiments.subjects import Subject
from tests.sabotage.breaking import DEADLINE, broken, failing, injection_of, looking_at, names, reconfigured

pytestmark = pytest.mark.lab


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
