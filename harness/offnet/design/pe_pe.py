"""PE-PE encryption: core links that are GRE tunnels in IPsec transport mode (Example 9-28)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from ipaddress import IPv4Address

from offnet.design.addresses import with_length
from offnet.design.allocate import interface_name
from offnet.design.numbers import Numbers
from offnet.design.parts import Contribution, Part
from offnet.intent.models import LabIntent, PePe
from offnet.network.model import (
    AuthRound,
    BgpNeighbor,
    ChildSa,
    CoreEnd,
    CoreTunnel,
    Crypto,
    Identity,
    IkeConnection,
    Interface,
    InterfaceKind,
    SharedSecret,
)

GRE_CHILD, BGP_CHILD = "gre", "bgp"


def core_tunnels(intent: LabIntent, numbers: Numbers) -> tuple[CoreTunnel, ...]:
    """Every core link as a tunnel; none where the core has links of its own."""
    settings = _settings(intent)
    if settings is None:
        return ()
    return tuple(
        CoreTunnel(_end(intent, a, b, subnet[0]), _end(intent, b, a, subnet[1]), settings.mtu)
        for (a, b), subnet in numbers.subnets.items()
    )


def _settings(intent: LabIntent) -> PePe | None:
    return intent.provider.protection.pe_pe if intent.provider.protection else None


def _end(intent: LabIntent, node: str, peer: str, inner: IPv4Address) -> CoreEnd:
    # The connection is named after the peer, as the interface is; no site has a router's name.
    return CoreEnd(node, interface_name(peer), peer, intent.gateways[node].doors()[None].address.ip, inner)


def _directed(tunnels: tuple[CoreTunnel, ...]) -> Iterator[tuple[CoreTunnel, CoreEnd, CoreEnd]]:
    """Every tunnel from both ends: the tunnel, its own end, the other one."""
    for tunnel in tunnels:
        yield tunnel, tunnel.a, tunnel.b
        yield tunnel, tunnel.b, tunnel.a


def tunnel_interfaces(intent: LabIntent, numbers: Numbers) -> dict[str, list[Interface]]:
    """The GRE interfaces of every PE."""
    length = {subnet[0]: subnet.prefixlen for subnet in numbers.subnets.values()}
    found: dict[str, list[Interface]] = defaultdict(list)
    for tunnel, own, peer in _directed(core_tunnels(intent, numbers)):
        found[own.node].append(
            Interface(
                own.interface,
                InterfaceKind.GRE,
                (with_length(own.inner, length[tunnel.a.inner]),),
                mpls=True,
                local=own.outer,
                remote=peer.outer,
                mtu=tunnel.mtu,
            )
        )
    return found


def session(intent: LabIntent, numbers: Numbers, name: str, other: str) -> BgpNeighbor:
    """The MP-BGP session of two PEs: between loopbacks, or where the protection of the core puts it."""
    loopback, peer_loopback = (intent.provider.routers[router].loopback for router in (name, other))
    settings = _settings(intent)
    if settings is None or settings.bgp == "loopback":
        return BgpNeighbor(other, peer_loopback, loopback, peer_loopback)
    own, peer = next(
        (own, peer)
        for _, own, peer in _directed(core_tunnels(intent, numbers))
        if (own.node, peer.node) == (name, other)
    )
    if settings.bgp == "tunnel":
        return BgpNeighbor(other, peer.inner, own.inner, peer.inner, by_gre=True)
    return BgpNeighbor(other, peer.outer, own.outer, peer_loopback, own_next_hop=loopback)


def pe_pe(intent: LabIntent, numbers: Numbers, crypto: Crypto) -> Contribution:
    """The IKE connections and keys of the PEs' tunnels."""
    settings = _settings(intent)
    if settings is None:
        return Contribution()
    return Contribution(
        tuple(
            Part(
                own.node,
                connections=(_connection(intent, settings, crypto, own, peer),),
                secrets=(SharedSecret(f"pe-pe-{peer.node}", (str(peer.outer),), settings.key),),
            )
            for _, own, peer in _directed(core_tunnels(intent, numbers))
        )
    )


def _connection(
    intent: LabIntent, settings: PePe, crypto: Crypto, own: CoreEnd, peer: CoreEnd
) -> IkeConnection:
    """Both ends have traps, so either may begin: the other one's IKE_SA stays, whoever was first.

    With IKEv1 one end alone rekeys: an IKE_SA that both ends rekey dies silently.
    """
    gateway = intent.gateways[own.node]
    children = [_child(GRE_CHILD, "gre", settings, crypto)]
    if settings.bgp == "outside" and not settings.bgp_in_clear:
        children.append(_child(BGP_CHILD, "tcp", settings, crypto))
    return IkeConnection(
        name=own.connection,
        version=1 if crypto is Crypto.AS_PRINTED else 2,
        local_addresses=(str(own.outer),),
        remote_addresses=(str(peer.outer),),
        local=AuthRound("psk", Identity.address(own.outer)),
        remote=AuthRound("psk", Identity.address(peer.outer)),
        proposals=gateway.ike_policies.of(crypto),
        dpd_delay=gateway.dpd.delay,
        dpd_timeout=gateway.dpd.timeout,
        children=tuple(children),
        rekey=crypto is Crypto.MODERN or own.node < peer.node,
        tireless=True,  # else a trap that was not answered is not heard again for minutes
        unique="never",
    )


def _child(name: str, protocol: str, settings: PePe, crypto: Crypto) -> ChildSa:
    return ChildSa(
        name=name,
        local_ts=(f"dynamic[{protocol}]",),
        remote_ts=(f"dynamic[{protocol}]",),
        esp_proposals=settings.esp.of(crypto),
        mode="transport",
        start_action="trap",
        dpd_action="trap",
        close_action="trap",
    )
