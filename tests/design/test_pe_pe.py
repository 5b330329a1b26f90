"""Core links that are GRE tunnels in IPsec transport mode."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from offnet import intent, resources
from offnet.design import design
from offnet.intent.loader import plain_data
from offnet.network.esp import transport_payload
from offnet.network.model import Crypto, InterfaceKind, Network, Role
from offnet.render.kernel import batch_lines, sysctl_lines, tunnel_sysctl_lines
from offnet.render.node import node_files

Design = Callable[..., Network]


@pytest.fixture
def designed(tmp_path: Path) -> Design:
    """The lab with its protection changed, or without one of its links."""

    def make(crypto: Crypto = Crypto.MODERN, without: int | None = None, **protection: Any) -> Network:
        data = plain_data(resources.labs() / "pe-pe")
        data["provider"]["protection"]["pe-pe"] |= protection
        if without is not None:
            del data["provider"]["links"][without]
        (tmp_path / "lab.yml").write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
        return design(intent.load(tmp_path), crypto)

    return make


def test_links_are_tunnels_and_no_cables(designed: Design) -> None:
    network = designed()
    pes = {pe.name for pe in network.role(Role.PE)}
    assert not [link for link in network.links if {link.a.node, link.b.node} <= pes]
    assert len(network.core_tunnels) == 3
    for tunnel in network.core_tunnels:
        for own, peer in (tunnel.ends, tunnel.ends[::-1]):
            interface = network.node(own.node).default.interface(own.interface)
            assert (interface.kind, interface.mpls, interface.mtu) == (InterfaceKind.GRE, True, tunnel.mtu)
            assert (interface.local, interface.remote) == (own.outer, peer.outer)
            assert network.adjacent(own.node, peer.node)


def test_a_tunnel_takes_labels_once_it_is_there(designed: Design) -> None:
    node = designed().node("pe2")
    assert "link set dev pe3 mtu 1400 multicast on" in list(batch_lines(node.default))
    assert list(tunnel_sysctl_lines(node)) == [
        "net/mpls/conf/vpn-gw1-east/input=1",
        "net/mpls/conf/pe3/input=1",
    ]
    assert not set(tunnel_sysctl_lines(node)) & set(sysctl_lines(node))


@pytest.mark.parametrize("crypto", list(Crypto))
def test_both_ends_trap_and_with_ikev1_one_rekeys(designed: Design, crypto: Crypto) -> None:
    network = designed(crypto)
    for tunnel in network.core_tunnels:
        connections = [network.node(end.node).connection(end.connection) for end in tunnel.ends]
        assert {child.start_action for c in connections for child in c.children} == {"trap"}
        assert {child.mode for c in connections for child in c.children} == {"transport"}
        assert sum(connection.rekey for connection in connections) == (
            1 if crypto is Crypto.AS_PRINTED else 2
        )


@pytest.mark.parametrize("bgp", ["loopback", "tunnel", "outside"])
def test_sessions_and_next_hops(designed: Design, bgp: str) -> None:
    network = designed(bgp=bgp)
    tunnel = network.core_tunnels[0]
    own, peer = tunnel.ends
    speaker = network.node(own.node).default.bgp
    assert speaker is not None
    neighbor, loopback = speaker.neighbor(peer.node), network.node(peer.node).loopback
    assert neighbor.address == {"loopback": loopback, "tunnel": peer.inner, "outside": peer.outer}[bgp]
    assert neighbor.next_hop == (peer.inner if bgp == "tunnel" else loopback)
    text = node_files(network.node(own.node))["frr/bgpd.conf"]
    assert ("set l3vpn next-hop encapsulation gre" in text) is (bgp == "tunnel")
    assert ("set ipv4 vpn next-hop" in text) is (bgp == "outside")


@pytest.mark.parametrize(
    ("settings", "protocols"),
    [
        ({}, "{ gre }"),
        ({"bgp": "outside"}, "{ gre, tcp }"),
        ({"bgp": "outside", "bgp_in_clear": True}, "{ gre }"),
    ],
)
def test_the_guard_covers_what_the_pes_protect(
    designed: Design, settings: dict[str, Any], protocols: str
) -> None:
    guard = node_files(designed(**settings).node("pe2"))["nftables.conf"]
    assert guard.count(f"meta l4proto {protocols}") == 2
    assert "{ 192.0.2.1, 203.0.113.129 }" in guard


def test_a_mesh_that_is_not_full_is_a_warning(designed: Design) -> None:
    assert designed().warnings == ()
    network = designed(without=2)
    (warning,) = network.warnings
    assert "no tunnel between pe2 and pe3" in warning
    assert not network.adjacent("pe2", "pe3")


@pytest.mark.parametrize(
    ("proposal", "payload"),
    [
        ("aes128gcm16-ecp256", 1446),  # RFC 4106: 8 of IV, 16 of ICV, aligned to 4
        ("aes128-sha1-modp2048", 1438),  # RFC 3602: 16 of IV, blocks of 16; 12 of ICV
        ("3des-sha1", 1446),  # 8 of IV, blocks of 8; 12 of ICV
        ("3des-md5", 1446),
        ("aes256-sha256", 1438),
    ],
)
def test_what_fits_into_esp(proposal: str, payload: int) -> None:
    assert transport_payload(proposal, 1500) == payload
