"""Judging incomplete profiles (proofs 6 and 7)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from offnet import resources
from offnet.checks import incomplete as topic
from offnet.design import design
from offnet.experiments.incomplete import PROBES, Dropped, partner_of
from offnet.intent import load
from offnet.network.model import Network

SEEN = Dropped(PROBES, PROBES, 0, 0, "no peer config found", ())


@pytest.fixture(scope="module")
def network() -> Network:
    return design(load(resources.labs() / "identities"))


def judged(network: Network, text: str, seen: Dropped) -> tuple[bool, str]:
    (one,) = network.unprotected
    (claim,) = (claim for claim in topic.claims(network) if text in claim.name)
    verdict = claim.judge({one.site.name: seen})
    return verdict.holds, verdict.seen


def test_an_unprotected_site_is_no_site_of_its_vpn(network: Network) -> None:
    (one,) = network.unprotected
    assert one.site not in network.sites
    assert partner_of(network, one).tunnel is None
    assert not any(secret for secret in topic.claims(network) if secret.proof not in (6, 7))


def test_dropped_and_counted_holds(network: Network) -> None:
    assert judged(network, "dropped and counted", SEEN) == (True, f"{PROBES} probes dropped and counted")
    assert judged(network, "no match, no SA", SEEN) == (True, SEEN.reason)


@pytest.mark.parametrize(
    ("claim", "changes", "seen"),
    [
        ("dropped and counted", {"counted": 0}, f"0 of {PROBES} probes counted"),
        ("dropped and counted", {"into": 1}, "1 replies to its partner"),
        ("dropped and counted", {"out": 2}, "2 replies to the site"),
        ("no match, no SA", {"reason": ""}, "vpn-gw1-east tells no such reason"),
        ("no match, no SA", {"sas": ("open 198.51.100.14",)}, "SA: open 198.51.100.14"),
    ],
)
def test_what_is_wrong_is_told(network: Network, claim: str, *, changes: dict[str, Any], seen: str) -> None:
    assert judged(network, claim, replace(SEEN, **changes)) == (False, seen)
