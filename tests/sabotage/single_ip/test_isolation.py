"""Isolation can fail."""

from __future__ import annotations

from contextlib import suppress

import pytest

from offnet.checks import isolation
from offnet.experiments.bench import Bench
from offnet.experiments.presence import await_presence
from offnet.experiments.subjects import Subject
from offnet.observe import frr
from offnet.observe.errors import ObserveError
from offnet.observe.question import ask
from offnet.wait import until
from tests.sabotage.breaking import DEADLINE, broken, failing, injection_of, names

pytestmark = pytest.mark.lab


def test_isolation_fails_when_a_tunnel_ends_in_the_wrong_vrf(lab: Bench, victim: Subject) -> None:
    tunnel, claims = victim.tunnel, list(isolation.claims(lab.network))
    other = next(vpn.name for vpn in lab.network.vpns if vpn.name != tunnel.vrf)
    move = f"ip link set ipsec{tunnel.if_id} master"
    with broken(lab, tunnel.gateway, f"{move} {other}", f"{move} {tunnel.vrf}"):
        seen = failing(lab, claims)
    # Its routes went when it moved; zebra takes one back only once it has seen the interface return.
    interface = frr.text_query("zebra", f"show interface ipsec{tunnel.if_id} vrf {tunnel.vrf}")

    def returned() -> bool:
        with suppress(ObserveError):  # zebra refuses to show what it does not have
            return f"vrf: {tunnel.vrf}" in ask(lab.lab, tunnel.gateway, interface)
        return False

    until(
        returned,
        what=f"zebra of {tunnel.gateway} has ipsec{tunnel.if_id} in {tunnel.vrf}",
        deadline=DEADLINE,
    )
    lab.lab.run(tunnel.gateway, injection_of(victim))
    await_presence(lab.lab, victim.tables, victim.site.lan, wanted=True, seconds=DEADLINE)
    twin = next(s for s in lab.network.sites_of(other) if s.host == victim.partner.host)
    outward = names(claims, f"{victim.site.name}: probes to {victim.partner.host}")
    inward = names(claims, f"{victim.partner.name}: probes to {victim.site.host}")
    # Answers to the victim come to the site with its address in the other VPN now, and fping takes them
    # for its own where process numbers of the two nodes happen to be the same.
    namesake = next(s for s in lab.network.sites_of(other) if s.host == victim.site.host)
    misled = names(claims, f"{namesake.name} reaches no")
    assert outward | inward <= seen.keys() <= outward | inward | misled, seen
    assert f"arrived at {twin.name}" in seen[outward.pop()]
    assert f"0 arrived at {victim.site.name}" in seen[inward.pop()]
