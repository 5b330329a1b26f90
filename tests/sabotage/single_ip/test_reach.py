"""Reach can fail."""

from __future__ import annotations

import pytest

from offnet.checks import reach
from offnet.experiments.bench import Bench
from offnet.experiments.subjects import Subject
from tests.sabotage.breaking import broken, failing, names, renewed

pytestmark = pytest.mark.lab


def test_reach_fails_without_a_policy(lab: Bench, victim: Subject) -> None:
    tunnel, claims = victim.tunnel, list(reach.claims(lab.network))
    delete = f"ip xfrm policy delete src 0.0.0.0/0 dst {victim.site.lan} dir out if_id {tunnel.if_id}"
    with renewed(lab, victim), broken(lab, tunnel.gateway, delete):
        seen = failing(lab, claims)
    assert seen.keys() == names(claims, victim.site.name), seen
    assert all("0 of 3 replies" in text and f"at {tunnel.gateway} grew by" in text for text in seen.values())
