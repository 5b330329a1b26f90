"""EIGRP over a GRE tunnel (Example 9-25 as printed): what FRR's eigrpd does, and what it does not.

What it lacks are expected failures, strict ones: the day that FRR mends it, they say so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from offnet.checks import routes, sas
from offnet.errors import DeadlineExpired
from offnet.experiments.bench import Bench
from offnet.experiments.presence import await_presence
from offnet.experiments.probes import probe
from offnet.experiments.subjects import Subject, subject_of
from offnet.network.model import Crypto
from offnet.observe.kernel_model import MAIN_TABLE

pytestmark = pytest.mark.lab
# Three times the hold time of eBGP here, and five times what OSPF takes.
DEADLINE = 6.0


@pytest.fixture(scope="module")
def lab(running_variant: Callable[..., AbstractContextManager[Bench]]) -> Iterator[Bench]:
    """The lab gre with EIGRP in place of OSPF: one word."""
    tunnel = {"gateway": "vpn-gw1-east", "address": "203.0.113.2/30", "tunnel": "10.254.2.0/30"}
    sites = {"spoke-vpn2-east": {"gre": {**tunnel, "routing": "eigrp"}}}
    with running_variant("eigrp", Crypto.AS_PRINTED, lab="gre", sites=sites) as bench:
        yield bench


@pytest.fixture
def subject(lab: Bench) -> Subject:
    """The site whose tunnel has EIGRP."""
    (site,) = (site for site, tunnel in lab.network.tunnels() if tunnel.access == "gre eigrp")
    return subject_of(lab.network, site)


@contextmanager
def command(lab: Bench, node: str, do: list[str], undo: list[str]) -> Iterator[None]:
    """A command, and its opposite afterwards."""
    lab.lab.run(node, do)
    try:
        yield
    finally:
        lab.lab.run(node, undo)


def test_the_neighbours_find_each_other(lab: Bench, subject: Subject) -> None:
    assert subject.tunnel.gre is not None
    show = f"show ip eigrp vrf {subject.tunnel.vrf} neighbor"
    seen = lab.lab.run(subject.tunnel.gateway, ["vtysh", "-c", show], timeout=10).stdout
    assert str(subject.tunnel.gre.site_inside.ip) in seen


def test_the_site_is_redistributed_into_mp_bgp(lab: Bench) -> None:
    claims = [*routes.claims(lab.network), *sas.claims(lab.network)]
    assert any("by eigrp" in claim.name for claim in claims)
    verdicts = {claim.name: claim.prove(lab) for claim in claims}
    assert not {name: verdict.seen for name, verdict in verdicts.items() if not verdict.holds}


def test_with_a_static_route_at_the_site_packets_flow_both_ways(lab: Bench, subject: Subject) -> None:
    assert subject.tunnel.gre is not None
    site, remote = subject.site, subject.partner
    route = [str(remote.lan), "dev", subject.tunnel.gre.site_interface]
    with command(lab, site.node, ["ip", "route", "add", *route], ["ip", "route", "del", *route]):
        for source, target in ((site, remote), (remote, site)):
            answers = probe(lab.lab, source.node, source.host, (target.host,), count=3, length=84)
            assert answers.received == {target.host: 3}


@pytest.mark.xfail(
    raises=DeadlineExpired,
    strict=True,
    reason="eigrpd takes `redistribute bgp` and does nothing: eigrp_zebra_read_route has an empty branch",
)
def test_what_mp_bgp_knows_comes_to_the_site(lab: Bench, subject: Subject) -> None:
    here = ((subject.site.node, MAIN_TABLE),)
    await_presence(lab.lab, here, subject.partner.lan, wanted=True, seconds=DEADLINE)


@pytest.mark.xfail(
    raises=DeadlineExpired,
    strict=True,
    reason="eigrpd tells nobody that a prefix of its own is gone: the neighbour keeps the route",
)
def test_a_prefix_that_is_gone_is_withdrawn(lab: Bench, subject: Subject) -> None:
    down, up = (["ip", "link", "set", "dev", "lan", way] for way in ("down", "up"))
    with command(lab, subject.site.node, down, up):
        await_presence(lab.lab, subject.tables, subject.site.lan, wanted=False, seconds=DEADLINE)
