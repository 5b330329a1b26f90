"""The closing page: who stands in for whom, that nobody has two tunnels, and what becomes of a DSCP."""

from __future__ import annotations

import pytest

from offnet.checks.marking import judge_inside, judge_labels, judge_outside
from offnet.experiments.bench import Bench
from offnet.experiments.marking import Marking, marking
from offnet.experiments.state import routes, sas
from offnet.experiments.subjects import subjects
from offnet.network.failover import leaders
from offnet.pytest_plugin import Tell

# ---- two aggregators -----------------------------------------------------------------------


def test_each_aggregator_could_serve_every_peer(bench: Bench, tell: Tell) -> None:
    """Both aggregators hold a connection and a key for every site, and the same VRFs."""
    own, backup = leaders(bench.network)
    vrfs = [set(bench.network.node(name).default.vrfs) for name in (own, backup)]
    assert vrfs[0] == vrfs[1]
    held = [{conn.name for conn in bench.vici(name).list_conns()} for name in (own, backup)]
    assert held[0] == held[1] == {site.name for site, _ in bench.network.tunnels()}
    tell(f"{' and '.join(sorted(held[0]))} at {own} and at {backup}")


def test_a_site_has_one_tunnel(bench: Bench, tell: Tell) -> None:
    """A site has SAs with the aggregator that it prefers, and none with its backup."""
    state, told = bench.once(sas), []
    for site, tunnel in bench.network.tunnels():
        assert site.backup is not None
        assert [sa.name for sa in state.ike[site.node] if sa.current] == [tunnel.site_connection]
        assert not [sa for sa in state.ike[site.backup.gateway] if sa.remote_id == site.backup.identity]
        told.append(f"{site.name}: {tunnel.gateway}")
    tell("; ".join(told))


def test_who_has_the_sa_announces_the_route(bench: Bench, tell: Tell) -> None:
    """The backup has a site's prefix from MP-BGP, by way of the aggregator that has its SA."""
    state, told = bench.once(routes), []
    for site, tunnel in bench.network.tunnels():
        assert site.backup is not None
        table = bench.network.node(site.backup.gateway).default.vrf(site.vpn).table
        found = [r for r in state.kernel[site.backup.gateway] if (r.table, r.prefix) == (table, site.lan)]
        assert [route.protocol for route in found] == ["bgp"]
        paths = [p for p in state.vpn[site.backup.gateway] if p.rd == bench.network.vpn(site.vpn).rd]
        hops = {path.next_hop for path in paths if path.prefix == site.lan}
        assert hops == {bench.network.node(tunnel.gateway).loopback}
        told.append(f"{site.backup.gateway}: {site.lan} of {site.vpn} via {tunnel.gateway}")
    tell("; ".join(told))


# ---- DSCP ----------------------------------------------------------------------------------


def marked(bench: Bench) -> Marking:
    """Probes of the first subject, once."""
    return marking(bench, subjects(bench.network)[0])


def test_a_dscp_is_carried_inside(bench: Bench, tell: Tell) -> None:
    """The DSCP that a host sets arrives at the other host, through tunnel and core."""
    verdict = judge_inside(bench.once(marked))
    assert verdict.holds, verdict.seen
    tell(verdict.seen)


def test_a_dscp_is_copied_to_esp(bench: Bench, tell: Tell) -> None:
    """The DSCP is copied to the ESP header at both ends of the tunnel, for the Internet to see."""
    verdict = judge_outside(bench.once(marked))
    assert verdict.holds, verdict.seen
    tell(verdict.seen)


@pytest.mark.xfail(
    strict=True,
    reason="Linux imposes labels with traffic class 0, and has no way to set it from the DSCP",
)
def test_a_dscp_is_mapped_to_the_traffic_class(bench: Bench, tell: Tell) -> None:
    """The DSCP is mapped to the traffic class of the labels, so that the core could honour it."""
    verdict = judge_labels(bench.once(marked))
    tell(verdict.seen)
    assert verdict.holds, verdict.seen
