"""Small resolved networks, made by hand, for tests that need no design."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from itertools import pairwise

import pytest

from offnet.network.model import (
    Crypto,
    Endpoint,
    Interface,
    InterfaceKind,
    Link,
    Network,
    Node,
    Role,
    RoutingContext,
    Site,
    Tunnel,
    Vpn,
    Vrf,
)


@pytest.fixture(scope="session")
def make_network() -> Callable[..., Network]:
    """Makes a network of the wished size."""
    return _make


def _make(
    *, spokes: int = 3, circuits: int = 2, transit: int = 1, gateways: int = 1, pes: int = 1, vpns: int = 2
) -> Network:
    """A provider with so many routers, VPNs and sites, wired like the labs are."""
    vpn = [f"vpn{i + 1}" for i in range(vpns)]
    gw = [f"vpn-gw{i + 1}-east" for i in range(gateways)]
    p = [f"p{i + 1}" for i in range(transit)]
    pe = [f"pe{i + 2}" for i in range(pes)]
    routers = [_router(n, Role.PE, i + 1, vpn) for i, n in enumerate(gw + pe)]
    routers += [_router(n, Role.P, 100 + i, []) for i, n in enumerate(p)]
    sites = [_off_net(i, vpn[i % vpns], gw[i % gateways]) for i in range(spokes)]
    sites += [_on_net(i, vpn[i % vpns], (pe or gw)[i % len(pe or gw)]) for i in range(circuits)]
    chain = [*p, *pe[:1]]
    pairs = [(g, chain[0]) for g in gw if chain] + list(pairwise(chain))
    pairs += [(p[-1] if p else gw[0], other) for other in pe[1:]]
    pairs += [("inet", g) for g in gw] + [(s.node, "inet" if s.tunnel else s.pe) for s in sites]
    others = [Node("inet", Role.INTERNET, (RoutingContext("default", ()),))]
    others += [
        Node(s.node, Role.SPOKE if s.tunnel else Role.CE, (RoutingContext("default", ()),)) for s in sites
    ]
    return Network(
        name="example",
        title="An example of <markup> & more",
        crypto=Crypto.MODERN,
        asn=1001,
        nodes=(*routers, *others),
        links=tuple(Link(Endpoint(a, f"e{i}"), Endpoint(b, f"e{i}")) for i, (a, b) in enumerate(pairs)),
        vpns=tuple(Vpn(n, f"{200 + i}:1", (f"{200 + i}:1",), (f"{200 + i}:1",)) for i, n in enumerate(vpn)),
        sites=tuple(sites),
        capture_point="inet",
    )


def _router(name: str, role: Role, number: int, vpns: list[str]) -> Node:
    loopback = Interface("lo", InterfaceKind.LOOPBACK, (IPv4Interface(f"10.255.0.{number}/32"),))
    vrfs = tuple(Vrf(n, i + 1, i + 1, f"{200 + i}:1", (), ()) for i, n in enumerate(vpns))
    return Node(name, role, (RoutingContext("default", (loopback,), vrfs),))


def _on_net(index: int, vpn: str, pe: str) -> Site:
    lan = IPv4Network(f"10.1.{index}.0/24")
    return Site(f"ce{index + 1}", vpn, f"ce{index + 1}", pe, lan, lan[1], IPv4Address(f"10.9.0.{index + 1}"))


def _off_net(index: int, vpn: str, gateway: str) -> Site:
    name = f"spoke-{vpn}-{('east', 'north', 'west', 'south')[index % 4]}{index}"
    lan = IPv4Network(f"10.0.{index}.0/24")
    tunnel = Tunnel(
        gateway=gateway,
        gateway_address=IPv4Address("192.0.2.1"),
        gateway_connection=name,
        site_connection=gateway,
        address=IPv4Address(f"198.51.100.{index + 2}"),
        identity=f"198.51.100.{index + 2}",
        profile=vpn,
        vrf=vpn,
        if_id=1,
        rri="dynamic",
    )
    return Site(name, vpn, name, gateway, lan, lan[1], IPv4Address(f"10.8.0.{index + 1}"), tunnel)
