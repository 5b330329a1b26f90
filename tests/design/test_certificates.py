"""Who certifies whom, and what the two ends of a tunnel then show and want."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from ipaddress import IPv4Network

import pytest

from offnet import resources
from offnet.design import design
from offnet.intent import LabIntent, load
from offnet.intent.loader import plain_data
from offnet.network.ike import PUBLIC_KEY
from offnet.network.model import Certificate, Crypto, KeyType, Network, Node, Role
from offnet.network.pki import authority_file, certificate_file


@pytest.fixture(scope="module")
def intent() -> LabIntent:
    return load(resources.labs() / "certificates")


@pytest.fixture(scope="module", params=list(Crypto))
def network(request: pytest.FixtureRequest, intent: LabIntent) -> Network:
    return design(intent, request.param)


@pytest.fixture
def ca(network: Network) -> Node:
    (node,) = network.role(Role.CA)
    return node


def issued(ca: Node) -> tuple[Certificate, ...]:
    assert ca.authorities is not None
    return ca.authorities.certificates


def test_every_end_has_a_certificate_by_the_authority_that_the_other_wants(
    intent: LabIntent, network: Network, ca: Node
) -> None:
    held = {(one.node, one.authority) for one in issued(ca)}
    for site, tunnel in network.tunnels():
        authority = intent.profiles[tunnel.profile].authority
        assert authority is not None
        ends = {
            site.node: network.node(site.node).connection(tunnel.site_connection),
            tunnel.gateway: network.node(tunnel.gateway).connection(tunnel.gateway_connection),
        }
        for node, connection in ends.items():
            assert (node, authority) in held
            assert (connection.local.auth, connection.local.certificate) == (
                PUBLIC_KEY,
                certificate_file(authority),
            )
            assert connection.remote.authority == authority_file(authority)


def test_a_certificate_has_the_identity_of_its_holder(network: Network, ca: Node) -> None:
    certificates = {(one.node, one.authority): one for one in issued(ca)}
    for node in network.nodes:
        for connection in node.ike.connections if node.ike else ():
            file = connection.local.certificate
            shown = next(
                one
                for (holder, authority), one in certificates.items()
                if holder == node.name and certificate_file(authority) == file
            )
            assert connection.local.id.text in (str(shown.subject), *shown.names)


def test_clients_of_a_profile_are_given_its_group_and_log_in(intent: LabIntent, network: Network) -> None:
    for name, client in intent.clients.items():
        tunnel = network.site(name).tunnel
        assert tunnel is not None
        profile = intent.profiles[tunnel.profile]
        assert (profile.group, tunnel.gateway_connection) == (client.group, client.group)
        assert tunnel.identity == str(client.certificate)
        here = network.node(tunnel.gateway).connection(tunnel.gateway_connection)
        there = network.node(name).connection(tunnel.site_connection)
        assert (here.signs, there.signs, here.aggressive) == (True, True, False)
        assert here.remote_xauth is not None
        assert here.remote_xauth.groups == (client.group,)
        assert there.local_xauth is not None
        assert there.local_xauth.user == client.user
        assert here.remote.id.text == str(intent.certificate_maps[profile.match.certificate[0]])


def test_what_a_node_holds_is_what_the_authorities_issue(network: Network, ca: Node) -> None:
    held = [one for node in network.nodes if node.credentials for one in node.credentials.certificates]
    assert sorted(map(str, held)) == sorted(map(str, issued(ca)))
    assert len(set(issued(ca))) == len(issued(ca))
    keys = [key for node in network.nodes if node.ike for key in node.ike.secrets if key.kind == "ike"]
    assert keys == []


def test_the_authorities_stand_apart(network: Network, ca: Node) -> None:
    assert {end.node for link in network.links for end in (link.a, link.b)}.isdisjoint({ca.name})
    assert ca.ike is None


def test_keys_are_those_of_their_time(network: Network, ca: Node) -> None:
    assert ca.authorities is not None
    wanted = {Crypto.AS_PRINTED: KeyType("rsa", 1024), Crypto.MODERN: KeyType("ecdsa", 256)}
    assert ca.authorities.key == wanted[network.crypto]
    assert {node.credentials.key for node in network.nodes if node.credentials} == {ca.authorities.key}


def test_sites_of_one_map_share_a_connection_and_keep_their_own_routes(network: Network) -> None:
    site, tunnel = next(one for one in network.tunnels() if "," in one[1].identity)
    data = plain_data(resources.labs() / "certificates")
    twin = deepcopy(data["sites"][site.name])
    twin["lan"], twin["ipsec"]["address"] = "10.0.99.0/24", "198.51.100.10/30"
    twin["ipsec"]["identity"]["certificate"]["CN"] = "second"
    data["sites"]["second"] = twin
    grown = design(LabIntent.model_validate(data), network.crypto)
    connection = grown.node(tunnel.gateway).connection(tunnel.gateway_connection)
    before = network.node(tunnel.gateway).connection(tunnel.gateway_connection)
    assert replace(connection, children=()) == replace(before, children=())
    assert connection.children[0].remote_ts == (str(site.lan), twin["lan"])
    routes = {policy.identity: policy.prefixes for policy in grown.node(tunnel.gateway).reverse_routes}
    assert routes[tunnel.identity] == (site.lan,)
    assert routes[grown.site("second").tunnel.identity] == (IPv4Network(twin["lan"]),)  # type: ignore[union-attr]
