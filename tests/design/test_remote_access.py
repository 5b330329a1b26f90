"""Clients, groups and AAA: both ends of every login, and what AAA knows."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import pairwise

import pytest

from offnet import intent, resources
from offnet.design import design
from offnet.intent.models import LabIntent
from offnet.network.model import (
    Credentials,
    Crypto,
    IdentityKind,
    InterfaceKind,
    Network,
    Node,
    Role,
    Site,
    Trust,
)
from offnet.network.pki import authority_file, certificate_file


@pytest.fixture
def lab() -> LabIntent:
    return intent.load(resources.labs() / "remote-access")


@pytest.fixture(params=list(Crypto))
def network(lab: LabIntent, request: pytest.FixtureRequest) -> Network:
    return design(lab, request.param)


def gateway(network: Network) -> Node:
    (name,) = {tunnel.gateway for _, tunnel in network.tunnels()}
    return network.node(name)


def clients(network: Network) -> list[Site]:
    return [site for site, tunnel in network.tunnels() if tunnel.user]


def aaa(network: Network) -> Node:
    (node,) = network.role(Role.AAA)
    return node


def test_a_client_is_a_site_of_one_host(lab: LabIntent, network: Network) -> None:
    assert [site.name for site in clients(network)] == list(lab.clients)
    for site in clients(network):
        client = lab.clients[site.name]
        user, pool = lab.users[client.user], lab.groups[client.group].pool
        assert site.host == site.marker == (user.address or lab.pools[pool or ""].first)
        assert site.lan == IPv4Network(site.host)
        assert network.node(site.node).role is Role.CLIENT


def test_both_ends_of_a_login_agree(lab: LabIntent, network: Network) -> None:
    for site in clients(network):
        assert site.tunnel is not None
        client = lab.clients[site.name]
        there = network.node(site.tunnel.gateway).connection(site.tunnel.gateway_connection)
        here = network.node(site.node).connection(site.tunnel.site_connection)
        assert (here.version, here.proposals, here.aggressive) == (
            there.version,
            there.proposals,
            there.aggressive,
        )
        assert here.local.id.kind is IdentityKind.KEY_ID
        assert here.local.id.text == client.group == there.name
        if network.crypto is Crypto.AS_PRINTED:
            assert here.local_xauth is not None
            assert there.remote_xauth is not None
            assert here.local_xauth.user == client.user
            assert there.remote_xauth.groups == (client.group,)
            assert there.remote.id == here.local.id
        else:
            assert here.local.user == client.user
            assert there.remote.groups == (client.group,)
            assert there.remote.id.kind is IdentityKind.ANY
        assert here.children[0].esp_proposals == there.children[0].esp_proposals


def test_the_gateway_shows_the_certificate_that_its_clients_check(lab: LabIntent) -> None:
    """RFC 7296, section 2.16: before a user says who it is, the gateway has proved who it is."""
    network = design(lab, Crypto.MODERN)
    node, (ca,) = gateway(network), network.role(Role.CA)
    assert node.credentials is not None
    assert ca.authorities is not None
    (certificate,) = node.credentials.certificates
    for site in clients(network):
        assert site.tunnel is not None
        there = node.connection(site.tunnel.gateway_connection)
        here = network.node(site.node).connection(site.tunnel.site_connection)
        assert there.local.certificate == certificate_file(certificate.authority)
        assert here.remote.authority == authority_file(certificate.authority)
        assert here.remote.id == there.local.id
        assert here.remote.id.text in certificate.names
        assert network.node(site.node).credentials == Credentials(None)
        assert Trust(certificate.authority, site.node) in ca.authorities.trusted
        assert not here.signs
        held = network.node(site.node).ike
        assert held is not None
        assert [secret.kind for secret in held.secrets] == ["eap"]


def test_a_gateway_without_certificate_has_the_keys_of_its_groups(lab: LabIntent) -> None:
    gateways = {name: one.model_copy(update={"authority": None}) for name, one in lab.gateways.items()}
    network = design(lab.model_copy(update={"gateways": gateways, "authorities": {}}), Crypto.MODERN)
    assert not network.role(Role.CA)
    for site in clients(network):
        assert site.tunnel is not None
        assert not gateway(network).connection(site.tunnel.gateway_connection).certified


def test_aggressive_mode_needs_no_authority(lab: LabIntent) -> None:
    network = design(lab, Crypto.AS_PRINTED)
    assert not network.role(Role.CA)
    assert not [node.name for node in network.nodes if node.credentials]


def test_a_gateway_that_starts_no_rekeying(network: Network) -> None:
    """A rekeying that the gateway starts ends an XAUTH session."""
    ike = gateway(network).ike
    assert ike is not None
    assert not any(connection.rekey for connection in ike.every_connection() if connection.pools)


def test_groups_of_aaa_are_downloaded_and_in_no_file(lab: LabIntent, network: Network) -> None:
    ike, server = gateway(network).ike, aaa(network).radius
    assert ike is not None
    assert server is not None
    remote = [name for name, group in lab.groups.items() if group.source == "radius"]
    assert [download.connection.name for download in ike.downloads] == remote
    assert [group.name for group in server.groups] == remote
    held = {secret.secret for secret in ike.secrets}
    assert not held & {lab.groups[name].key for name in remote}
    assert all(download.connection.pools == ("radius",) for download in ike.downloads)


def test_aaa_knows_every_user(lab: LabIntent, network: Network) -> None:
    server = aaa(network).radius
    assert server is not None
    assert {user.name: (user.password, user.group, user.address) for user in server.users} == {
        name: (user.password, user.group, user.address) for name, user in lab.users.items()
    }


def test_aaa_is_reached_by_the_global_table_of_its_pe_only(lab: LabIntent, network: Network) -> None:
    node = aaa(network)
    assert not node.default.routes, "it has no way to anywhere"
    (server,) = lab.aaa.values()
    pe = network.node(server.pe)
    (link,) = [link for link in network.links if node.name in (link.a.node, link.b.node)]
    interface = pe.default.interface(link.a.interface if link.a.node == pe.name else link.b.interface)
    assert interface.vrf is None
    assert pe.default.ospf is not None
    assert interface.name not in pe.default.ospf.interfaces, "its subnet is told to nobody"
    assert pe.ike is not None
    assert pe.ike.radius is not None
    assert pe.ike.radius.source == interface.addresses[0].ip


def test_what_a_group_may_inject(lab: LabIntent, network: Network) -> None:
    policies = {policy.connection: policy for policy in gateway(network).reverse_routes}
    for name, group in lab.groups.items():
        prefixes = policies[name].prefixes
        pool = lab.pools[group.pool or ""]
        fixed = [user.address for user in lab.users.values() if user.group == name and user.address]
        total = int(pool.last) - int(pool.first) + 1 + len(fixed)
        assert sum(prefix.num_addresses for prefix in prefixes) == total
        assert any(pool.first in prefix for prefix in prefixes)
        assert all(any(address in prefix for prefix in prefixes) for address in fixed)
        assert not any(one.overlaps(other) for one, other in pairwise(sorted(prefixes)))


def test_every_vrf_of_a_group_has_its_interface(network: Network) -> None:
    node = gateway(network)
    found = {i.if_id: i.vrf for i in node.default.interfaces if i.kind is InterfaceKind.XFRM}
    assert found == {vrf.if_id: vrf.name for vrf in node.default.vrfs}


def test_the_outer_address_is_that_of_the_nat_router(lab: LabIntent, network: Network) -> None:
    for site in clients(network):
        assert site.tunnel is not None
        behind = lab.clients[site.name].behind
        address = lab.nats[behind].address if behind else lab.clients[site.name].address
        assert site.tunnel.address == address.ip


def test_sites_are_accounted_where_their_profile_says_so(lab: LabIntent) -> None:
    ike = gateway(design(lab)).ike
    assert ike is not None
    assert ike.radius is not None
    wanted = {name for name, profile in lab.profiles.items() if profile.aaa and profile.aaa.accounting}
    assert (ike.radius.accounting, set(ike.radius.profiles)) == (True, wanted)
    profiles = {
        name: profile if profile.match.group else profile.model_copy(update={"aaa": None})
        for name, profile in lab.profiles.items()
    }
    ike = gateway(design(lab.model_copy(update={"profiles": profiles}))).ike
    assert ike is not None
    assert ike.radius is not None
    assert ike.radius.accounting
    assert set(ike.radius.profiles) == {name for name in wanted if lab.profiles[name].match.group}
