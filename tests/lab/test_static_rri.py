"""``rri: static`` keeps a site's route without any SA; ``rri: off`` gives it none. The rest is as ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from offnet.checks.derive import derive
from offnet.experiments.bench import Bench
from offnet.experiments.presence import await_presence, present
from offnet.experiments.probes import probe
from offnet.experiments.subjects import Subject, subject_of
from offnet.network.model import Crypto, Site
from offnet.observe.vici_model import IkeSa
from offnet.wait import until

pytestmark = pytest.mark.lab
DEADLINE = 10.0


@pytest.fixture(scope="module", params=list(Crypto))
def variant(
    request: pytest.FixtureRequest, running_variant: Callable[..., AbstractContextManager[Bench]]
) -> Iterator[Bench]:
    """The lab with static reverse routes in its first VPN and none in its second."""
    profiles = {"vpn1": {"rri": "static"}, "vpn2": {"rri": "off"}}
    with running_variant("static-rri", request.param, profiles) as bench:
        yield bench


def site_with(bench: Bench, rri: str) -> Subject:
    """The first site whose profile has this ``rri``."""
    site = next(site for site, tunnel in bench.network.tunnels() if tunnel.rri == rri)
    return subject_of(bench.network, site)


def sas_of(bench: Bench, site: Site) -> list[IkeSa]:
    """The SAs of a site at its aggregator."""
    assert site.tunnel is not None
    found = bench.vici(site.tunnel.gateway).list_sas(site.tunnel.gateway_connection)
    return [sa for sa in found if sa.current_children]


def routed_at(bench: Bench, subject: Subject) -> list[str]:
    """The PEs whose VRF has the site's LAN."""
    return [node for node, table in subject.tables if present(bench.lab, node, table, subject.site.lan)]


def test_derived_claims_hold(variant: Bench) -> None:
    claims = derive(variant.network)
    names = [claim.name for claim in claims]
    assert any("rri: static" in name for name in names)
    assert any("rri: off" in name for name in names)
    verdicts = {claim.name: claim.prove(variant) for claim in claims}
    assert not {name: verdict.seen for name, verdict in verdicts.items() if not verdict.holds}


def test_a_static_route_stays_without_sa_and_traffic_brings_the_tunnel_up(variant: Bench) -> None:
    subject = site_with(variant, "static")
    site, source = subject.site, subject.partner
    variant.vici(site.node).terminate(ike=subject.tunnel.site_connection)
    until(lambda: not sas_of(variant, site), what=f"no SA of {site.name}", deadline=DEADLINE)
    everywhere = [node for node, _ in subject.tables]
    assert routed_at(variant, subject) == everywhere

    def answered() -> int:
        answers = probe(variant.lab, source.node, source.host, (site.host,), count=1, length=84)
        return answers.received[site.host]

    until(answered, what=f"{site.name} answers {source.name}", deadline=DEADLINE)
    (sa,) = sas_of(variant, site)
    assert sa.initiator, "the SA was set up by the spoke, not by the aggregator's trap"
    assert routed_at(variant, subject) == everywhere


def test_a_static_route_comes_without_any_sa(variant: Bench) -> None:
    subject = site_with(variant, "static")
    site, (gateway, table) = subject.site, subject.tables[0]
    variant.vici(site.node).terminate(ike=subject.tunnel.site_connection)
    until(lambda: not sas_of(variant, site), what=f"no SA of {site.name}", deadline=DEADLINE)
    again = f"ip route del {site.lan} table {table} && kill -KILL $(pidof python3)"
    variant.lab.run(gateway, ["sh", "-ec", again])  # the supervisor starts the agent anew
    await_presence(variant.lab, subject.tables, site.lan, wanted=True, seconds=DEADLINE)
    assert not sas_of(variant, site)
    variant.vici(site.node).initiate(subject.connection.children[0].name, subject.tunnel.site_connection)


def test_a_site_without_reverse_route_has_its_sa_all_the_same(variant: Bench) -> None:
    subject = site_with(variant, "off")
    assert len(sas_of(variant, subject.site)) == 1
    (table,) = {vrf.table for pe, vrf in _vrfs(variant, subject.site)}
    assert not [
        pe for pe, vrf in _vrfs(variant, subject.site) if present(variant.lab, pe, table, subject.site.lan)
    ]


def _vrfs(bench: Bench, site: Site) -> list[tuple[str, Any]]:
    return [(node.name, node.default.vrf(site.vpn)) for node in bench.network.nodes if node.default.vrfs]
