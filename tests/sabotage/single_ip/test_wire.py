"""The proof of the wire can fail."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from offnet.checks import wire
from offnet.experiments.bench import Bench
from offnet.experiments.reach import reach as reach_experiment
from offnet.experiments.subjects import Subject
from offnet.experiments.wire import CONTROL_LENGTH, wire_capture
from tests.sabotage.breaking import blind, broken, failing, leak, names, renew

pytestmark = pytest.mark.lab


def failing_on_the_wire(lab: Bench, victim: Subject, *before: Callable[[], None]) -> dict[str, str]:
    """What the claims about the wire see, with a capture that has seen a negotiation and all SAs in use."""
    everything = [wire_capture, *(lambda _, act=act: act() for act in before)]
    return failing(lab, wire.claims(lab.network), *everything, lambda _: renew(lab, victim), reach_experiment)


def test_wire_fails_when_a_packet_leaves_in_clear(lab: Bench, victim: Subject) -> None:
    def leave_in_clear() -> None:
        remove, restore = (
            "nft delete table ip guard; ip xfrm policy flush",
            "nft -f /etc/offnet/nftables.conf",
        )
        with broken(lab, victim.site.node, remove, restore):
            leak(lab, victim)

    seen = failing_on_the_wire(lab, victim, leave_in_clear)
    (name,) = names(wire.claims(lab.network), "sees ESP, IKE and ARP only")
    assert seen.keys() == {name}
    assert f"icmp {victim.site.host} > {victim.partner.host}" in seen[name]


def test_wire_fails_when_the_control_is_not_seen(lab: Bench, victim: Subject) -> None:
    with blind(lab, lab.network.capture_point, CONTROL_LENGTH):
        seen = failing_on_the_wire(lab, victim)
    (name,) = names(wire.claims(lab.network), "positive control")
    assert seen == {name: "0 clear packets seen"}


def test_wire_fails_when_the_internet_reaches_into_a_vpn(lab: Bench, victim: Subject) -> None:
    target = lab.network.sites_of(victim.site.vpn)[0]
    leaked = f"{target.host}/32 dev {target.vpn}"
    with broken(lab, victim.tunnel.gateway, f"ip route add {leaked}", f"ip route del {leaked}"):
        seen = failing_on_the_wire(lab, victim)
    (name,) = names(wire.claims(lab.network), "clear packets from the Internet")
    assert seen.keys() == {name}
    assert f"arrived at {target.name}" in seen[name]
