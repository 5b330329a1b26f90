"""One VPN with a site behind a PE, one by IPsec, by GRE and by DMVPN: any-to-any, and every proof as ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import permutations

import pytest

from offnet.checks.derive import derive
from offnet.experiments.bench import Bench
from offnet.network.model import Crypto

pytestmark = pytest.mark.lab
VPN, GATEWAY = "vpn1", "vpn-gw1-east"
POLICY, TUNNEL = "198.51.100.10", "198.51.100.18"


@pytest.fixture(scope="module")
def lab(running_variant: Callable[..., AbstractContextManager[Bench]]) -> Iterator[Bench]:
    """The lab dmvpn, one of whose spokes is a policy; and a tunnel of its own more."""
    esp = {"as-printed": ["3des-sha1"], "modern": ["aes256gcm16-ecp384"]}
    keys = {POLICY: "vpn1aes", TUNNEL: "vpn1gre"}
    by_key = {"match": {"address": list(keys)}, "keyring": VPN, "vrf": VPN, "esp": esp}
    gre = {"gateway": GATEWAY, "address": f"{TUNNEL}/29", "tunnel": "10.254.2.0/30", "routing": "ospf"}
    sites = {
        "spoke-vpn1-north": {"dmvpn": None, "ipsec": {"gateway": GATEWAY, "address": f"{POLICY}/29"}},
        "spoke-vpn1-south": {"vpn": VPN, "lan": "10.0.69.0/24", "gre": gre},
    }
    profiles, keyrings = {"vpn1-keys": by_key}, {VPN: keys}
    with running_variant(
        "mixed", Crypto.MODERN, profiles, lab="dmvpn", sites=sites, keyrings=keyrings
    ) as bench:
        yield bench


def test_every_claim_holds_whatever_the_ways_into_the_vpn_are(lab: Bench) -> None:
    ways = {tunnel.access for _, tunnel in lab.network.tunnels() if tunnel.vrf == VPN}
    assert ways == {"ipsec", "gre ospf", "dmvpn ospf"}
    claims = derive(lab.network)
    names = {claim.name for claim in claims}
    for one, other in permutations(lab.network.sites_of(VPN), 2):
        assert f"{VPN}: {one.name} reaches {other.name}" in names
    verdicts = {claim.name: claim.prove(lab) for claim in claims}
    assert not {name: verdict.seen for name, verdict in verdicts.items() if not verdict.holds}
