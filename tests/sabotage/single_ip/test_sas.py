"""The proof of SAs can fail."""

from __future__ import annotations

from contextlib import suppress

import pytest

from offnet.checks import sas
from offnet.experiments.asking import ask_for_sa
from offnet.experiments.bench import Bench
from offnet.experiments.subjects import Subject
from offnet.observe.errors import CommandRefused
from tests.sabotage.breaking import DEADLINE, failing, names, reconfigured, renew, waiting

pytestmark = pytest.mark.lab


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
        with suppress(CommandRefused):  # its trap may have been quicker
            ask_for_sa(spoke, victim, timeout=DEADLINE)
        seen = failing(lab, claims)
    assert seen.keys() == names(claims, f"{victim.site.name}: CHILD_SA") | names(
        claims, f"{victim.site.name}: SADB"
    )
    assert all(f"if_id {wrong}" in text for text in seen.values())
