"""One VPN with a site behind a PE, one by IPsec and one by GRE: any-to-any, and every proof as ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from offnet.checks.derive import derive
from offnet.experiments.bench import Bench
from offnet.network.model import Crypto

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("mixed")]


@pytest.fixture(scope="module")
def lab(running_variant: Callable[..., AbstractContextManager[Bench]]) -> Iterator[Bench]:
    """The lab gre, one of whose tunnels is a policy."""
    policy = {"gateway": "vpn-gw1-east", "address": "203.0.113.6/30"}
    sites = {"spoke-vpn2-north": {"gre": None, "ipsec": policy}}
    with running_variant("mixed", Crypto.MODERN, lab="gre", sites=sites) as bench:
        yield bench


def test_every_claim_holds_whatever_the_ways_into_the_vpn_are(lab: Bench) -> None:
    ways = {tunnel.access for _, tunnel in lab.network.tunnels() if tunnel.vrf == "vpn2"}
    assert ways == {"ipsec", "gre ospf"}
    claims = derive(lab.network)
    names = {claim.name for claim in claims}
    assert "vpn2: spoke-vpn2-north reaches spoke-vpn2-east" in names
    assert "vpn2: spoke-vpn2-east reaches spoke-vpn2-north" in names
    verdicts = {claim.name: claim.prove(lab) for claim in claims}
    assert not {name: verdict.seen for name, verdict in verdicts.items() if not verdict.holds}
