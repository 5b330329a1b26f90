"""Sites with a backup: one connection at the site for each aggregator, and the same at both aggregators."""

from __future__ import annotations

import pytest

from offnet import intent, resources
from offnet.design import design
from offnet.network.failover import leaders, led_by, neighbours, without
from offnet.network.model import Crypto, Network, Role
from offnet.render import render


@pytest.fixture(params=list(Crypto), ids=str)
def network(request: pytest.FixtureRequest) -> Network:
    return design(intent.load(resources.labs() / "redundancy"), request.param)


def test_the_site_asks_its_own_aggregator_and_its_agent_the_backup(network: Network) -> None:
    for site, tunnel in network.tunnels():
        assert site.backup is not None
        own = network.node(site.node).connection(tunnel.site_connection)
        backup = network.node(site.node).connection(site.backup.site_connection)
        assert (own.children[0].start_action, own.tireless) == ("start", True)
        assert (backup.children[0].start_action, backup.tireless) == ("none", False)
        assert own.children[0].local_ts == backup.children[0].local_ts == (str(site.lan),)
        assert backup.remote_addresses == (str(site.backup.gateway_address),)
        ike = network.node(site.node).ike
        assert ike is not None
        assert ike.backup is not None
        assert (ike.backup.preferred, ike.backup.backup) == (own.name, backup.name)
        assert ike.await_peers == (tunnel.gateway_address, site.backup.gateway_address)


def test_both_aggregators_may_inject_what_is_the_sites(network: Network) -> None:
    for site, tunnel in network.tunnels():
        assert site.backup is not None
        policies = [
            next(p for p in network.node(at).reverse_routes if p.connection == site.name)
            for at in (tunnel.gateway, site.backup.gateway)
        ]
        assert policies[0] == policies[1]
        assert policies[0].prefixes == (site.lan,)


def test_an_aggregator_answers_when_the_core_has_filled_its_vrfs(network: Network) -> None:
    for name in leaders(network):
        node = network.node(name)
        assert node.ike is not None
        assert dict(node.ike.await_tables) == {vrf.table: 2 for vrf in node.default.vrfs}
    (other,) = (pe for pe in network.role(Role.PE) if pe.name not in leaders(network))
    assert other.ike is None


def test_without_an_aggregator_its_sites_are_at_their_backup(network: Network) -> None:
    dead, other = leaders(network)
    left = without(network, dead)
    assert dead not in {node.name for node in left.nodes}
    assert not [link for link in left.links if dead in (link.a.node, link.b.node)]
    assert {site.name for site in left.sites} == {site.name for site in network.sites}
    assert {site.pe for site, _ in left.tunnels()} == {other}
    for site in led_by(network, dead):
        assert left.site(site.name).tunnel == site.backup
    assert not leaders(left)


def test_a_site_without_a_backup_is_lost_with_its_aggregator() -> None:
    network = design(intent.load(resources.labs() / "single-ip"))
    gateway = next(tunnel.gateway for _, tunnel in network.tunnels())
    assert not leaders(network)
    assert not any(without(network, gateway).tunnels())


def test_neighbours_are_the_other_ends_of_its_links(network: Network) -> None:
    dead = leaders(network)[0]
    assert {node for node, _ in neighbours(network, dead)} == {"p1", network.capture_point}
    for node, interface in neighbours(network, dead):
        assert interface in {one.name for one in network.node(node).default.interfaces}


def test_a_backup_changes_nothing_of_other_labs_nodes(network: Network) -> None:
    files = render(network)
    assert "AWAIT_TABLES" in files[f"{leaders(network)[0]}/node.env"]
    others = [text for path, text in files.items() if path.startswith(("p1/", "pe2/", "ce1/"))]
    assert not any("AWAIT_TABLES" in text or "backup" in text for text in others)
