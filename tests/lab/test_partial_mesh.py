"""PEs whose mesh of tunnels is not full: LDP leads by another PE, under two labels; and that can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from offnet.checks import core_tunnels
from offnet.checks.derive import derive
from offnet.experiments.bench import Bench
from offnet.experiments.core_transit import transits, transits_of
from offnet.network.model import Crypto
from tests.sabotage.breaking import broken, failing, looking_at, names

pytestmark = pytest.mark.lab
LINKS = (("vpn-gw1-east", "pe3"), ("pe3", "pe2"))


@pytest.fixture(scope="module")
def lab(running_variant: Callable[..., AbstractContextManager[Bench]]) -> Iterator[Bench]:
    with running_variant("partial-mesh", Crypto.MODERN, lab="pe-pe", links=LINKS) as bench:
        yield bench


def test_every_claim_holds_and_the_pair_without_a_tunnel_has_its_own(lab: Bench) -> None:
    (warning,) = lab.network.warnings
    assert "vpn-gw1-east and pe2" in warning
    (transit,) = transits_of(lab.network).values()
    assert transit.tunnels == len(LINKS)
    claims = derive(lab.network)
    assert len([claim for claim in claims if claim.look is transits]) == 2
    verdicts = {claim.name: claim.prove(lab) for claim in claims}
    assert not {name: verdict.seen for name, verdict in verdicts.items() if not verdict.holds}


def test_a_pe_between_that_takes_no_labels_is_told(lab: Bench) -> None:
    claims = looking_at(core_tunnels.claims(lab.network), transits)
    first, last = LINKS[0][0], LINKS[-1][-1]
    tunnel = lab.network.core_tunnel(*LINKS[0])
    assert tunnel is not None
    (end,) = (end for end in tunnel.ends if end.node != first)
    takes = f"sysctl -qw net.mpls.conf.{end.interface}.input="
    with broken(lab, end.node, f"{takes}0", f"{takes}1"):
        seen = failing(lab, claims)
    (name,) = names(claims, f"{first} - {last}", "probes")
    assert "0 of 3 replies" in seen[name]
    assert "PEs between them sent 3 with 1 labels, not 6" in seen[name]  # one way still works
    assert not failing(lab, claims)
