"""A mesh between customers' routers: who has a tunnel with whom, and what the provider is told of it."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from offnet import resources
from offnet.design import design
from offnet.intent.loader import plain_data
from offnet.intent.models import LabIntent
from offnet.network.model import Crypto, Network, Overlay, Role
from offnet.render import render


@pytest.fixture
def data() -> dict[str, Any]:
    """labs/ce-ce/lab.yml as plain data, the test's own copy."""
    data: dict[str, Any] = plain_data(resources.labs() / "ce-ce")
    return data


def designed(data: dict[str, Any], crypto: Crypto | None = None) -> Network:
    return design(LabIntent.model_validate(data), crypto)


def across_internet(data: dict[str, Any]) -> dict[str, Any]:
    data["overlays"]["vpn1-mesh"]["across"] = "internet"
    return data


def the_mesh(network: Network) -> Overlay:
    (overlay,) = network.overlays
    return overlay


def test_every_two_members_have_one_tunnel(data: dict[str, Any]) -> None:
    mesh = the_mesh(designed(data))
    ends = {frozenset((tunnel.initiator, tunnel.responder)) for tunnel in mesh.tunnels}
    assert ends == {frozenset(pair) for pair in combinations(mesh.sites, 2)}
    assert len(mesh.tunnels) == len(ends)


def test_of_two_ends_one_begins_and_rekeys(data: dict[str, Any]) -> None:
    network = designed(data, Crypto.AS_PRINTED)
    for tunnel in the_mesh(network).tunnels:
        first = network.node(tunnel.initiator).connection(tunnel.responder)
        second = network.node(tunnel.responder).connection(tunnel.initiator)
        assert (first.rekey, second.rekey) == (True, False)
        assert (first.children[0].start_action, second.children[0].start_action) == ("trap|start", "none")
        assert first.children[0].local_ts == second.children[0].remote_ts
        assert first.remote_addresses == second.local_addresses


def test_who_begins_does_not_depend_on_the_order_of_sites(data: dict[str, Any]) -> None:
    turned = data | {"sites": dict(reversed(data["sites"].items()))}
    assert set(the_mesh(designed(data)).tunnels) == set(the_mesh(designed(turned)).tunnels)


def test_those_that_are_waited_for_are_those_that_do_not_begin(data: dict[str, Any]) -> None:
    network = designed(data)
    for name in the_mesh(network).sites:
        ike = network.node(name).ike
        assert ike is not None
        begins = {t.responder_address for t in the_mesh(network).tunnels if t.initiator == name}
        assert set(ike.await_peers) == begins
        assert ike.awaited is any(t.responder == name for t in the_mesh(network).tunnels)


def test_the_provider_has_circuits_and_no_lan(data: dict[str, Any]) -> None:
    network = designed(data)
    mesh = the_mesh(network)
    files = render(network)
    lans = [network.site(name).lan for name in mesh.sites]
    own = [lan for lan in lans if lan not in [site.lan for site in network.sites if not site.overlay]]
    for node in network.role(Role.PE, Role.P):
        text = "".join(content for path, content in files.items() if path.startswith(f"{node.name}/"))
        assert not [lan for lan in own if str(lan.network_address)[:-1] in text]
    for name in mesh.sites:
        ports = network.node(network.site(name).pe).default.interfaces
        assert mesh.circuits[name] in {address.network for port in ports for address in port.addresses}


def test_inside_the_provider_there_is_no_internet(data: dict[str, Any]) -> None:
    network = designed(data)
    assert not network.role(Role.INTERNET)
    assert network.capture_point == network.role(Role.P)[0].name


def test_across_the_internet_the_same_tunnels_and_no_pe(data: dict[str, Any]) -> None:
    inside, outside = designed(data), designed(across_internet(data))
    mesh = the_mesh(outside)
    assert mesh.tunnels == the_mesh(inside).tunnels
    assert not mesh.in_provider
    (inet,) = outside.role(Role.INTERNET)
    assert outside.capture_point == inet.name
    linked = {frozenset((link.a.node, link.b.node)) for link in outside.links}
    assert {frozenset((name, inet.name)) for name in mesh.sites} <= linked


@pytest.mark.parametrize("across", ["provider", "internet"])
def test_a_router_of_a_mesh_guards_its_lan(data: dict[str, Any], across: str) -> None:
    data["overlays"]["vpn1-mesh"]["across"] = across
    network = designed(data)
    files = render(network)
    for site in network.sites:
        guarded = f"ip saddr {site.lan} rt ipsec missing" in files.get(f"{site.node}/nftables.conf", "")
        assert guarded is (site.overlay is not None)
