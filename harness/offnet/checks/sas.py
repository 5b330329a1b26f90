"""Proof 5: the SAs are what the intent says (`show crypto isakmp sa detail`, `show crypto ipsec sa`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from offnet.checks.claim import Claim, Verdict, verdict
from offnet.checks.proposals import esp_matches, ike_matches, ike_transforms
from offnet.checks.sa_pairs import current, sa_pair
from offnet.experiments.state import Sas, Tunnels, sas, tunnels
from offnet.network.model import GreTunnel, IkeConnection, Network, Site, Tunnel
from offnet.observe.kernel_model import InterfaceState, XfrmState
from offnet.observe.places import place
from offnet.observe.vici_model import ChildSaState, IkeSa, sas_at_site, sas_of


def claims(network: Network) -> Iterator[Claim[Any]]:
    """Three claims for each tunnel, one for each aggregator."""
    for site, tunnel in network.tunnels():
        at_gateway = network.node(tunnel.gateway).connection(tunnel.gateway_connection)
        at_site = network.node(site.node).connection(tunnel.site_connection)
        yield _ike_claim(site, tunnel, at_gateway, at_site)
        yield _child_claim(site, tunnel, at_gateway)
        yield _kernel_claim(site, tunnel)
        if tunnel.gre:
            yield _tunnel_claim(site, tunnel, tunnel.gre)
    for gateway in dict.fromkeys(tunnel.gateway for _, tunnel in network.tunnels()):
        yield _no_others_claim(network, gateway)


def _ike_claim(site: Site, tunnel: Tunnel, at_gateway: IkeConnection, at_site: IkeConnection) -> Claim[Sas]:
    return Claim(
        5,
        f"{site.name}: IKE_SA under profile {tunnel.profile}",
        f"IKEv{at_gateway.version} {tunnel.gateway_address} - {tunnel.address}, "
        f"{' or '.join(at_gateway.proposals)}",
        sas,
        lambda state: judge_ike(site, tunnel, at_gateway, at_site, state),
    )


def judge_ike(
    site: Site, tunnel: Tunnel, at_gateway: IkeConnection, at_site: IkeConnection, state: Sas
) -> Verdict:
    """One IKE_SA with these identities and one of these proposals, seen alike at both ends."""
    mistakes = []
    here = sas_of(tunnel, state.ike[tunnel.gateway])
    there = sas_at_site(tunnel, state.ike[site.node])
    ends = (
        (tunnel.gateway, at_gateway, here, (at_gateway.local.id.text, tunnel.identity)),
        (site.node, at_site, there, (tunnel.identity, at_site.remote.id.text)),
    )
    for node, connection, sas_there, identities in ends:
        found = [sa for sa in sas_there if sa.current]
        if len(found) != 1:
            mistakes.append(f"{node}: {len(found)} IKE_SAs of {connection.name} with {identities[1]}")
        mistakes += [f"{node}: {text}" for sa in found for text in _ike_mistakes(sa, connection, identities)]
    return verdict(mistakes, "; ".join(_ike_text(sa) for sa in here))


def _ike_mistakes(sa: IkeSa, connection: IkeConnection, identities: tuple[str, str]) -> Iterator[str]:
    if sa.version != connection.version:
        yield f"IKEv{sa.version}"
    if (sa.local_id, sa.remote_id) != identities:
        yield f"identities {sa.local_id} and {sa.remote_id}"
    if not any(ike_matches(sa, proposal) for proposal in connection.proposals):
        yield f"proposal {'-'.join(sorted(ike_transforms(sa)))}"


def _ike_text(sa: IkeSa) -> str:
    return f"IKEv{sa.version} {sa.local_id} - {sa.remote_id} {'-'.join(sorted(ike_transforms(sa)))}"


def _child_claim(site: Site, tunnel: Tunnel, connection: IkeConnection) -> Claim[Sas]:
    transforms, mode = ", ".join(connection.children[0].esp_proposals), connection.children[0].mode
    what = f"GRE with {tunnel.address}" if tunnel.gre else f"{site.lan} in VRF {tunnel.vrf}"
    protected = tunnel.protected(site.lan)
    return Claim(
        5,
        f"{site.name}: CHILD_SA protects {what}",
        f"one CHILD_SA for {protected}, if_id {tunnel.if_id}, {mode} mode, {transforms}, SPIs as at the site",
        sas,
        lambda state: judge_child(site, tunnel, connection, state),
    )


def judge_child(site: Site, tunnel: Tunnel, connection: IkeConnection, state: Sas) -> Verdict:
    """One pair of SAs that both ends agree on, with this LAN, mode, transform and VRF."""
    found = current(sas_of(tunnel, state.ike[tunnel.gateway]))
    mistakes = (
        [] if sa_pair(state, site) else [f"{len(found)} CHILD_SAs, or SPIs that the ends do not agree on"]
    )
    mistakes += [text for _, child in found for text in _child_mistakes(site, tunnel, connection, child)]
    return verdict(mistakes, "; ".join(_child_text(child) for _, child in found))


def _child_mistakes(
    site: Site, tunnel: Tunnel, connection: IkeConnection, child: ChildSaState
) -> Iterator[str]:
    if child.remote_ts != (tunnel.protected(site.lan),):
        yield f"protects {', '.join(child.remote_ts)}"
    if child.local_ts != _reached(tunnel, connection):
        yield f"for {', '.join(child.local_ts)}"
    if child.if_id != tunnel.if_id:
        yield f"if_id {child.if_id}"
    if child.mode.upper() != connection.children[0].mode.upper():
        yield f"{child.mode} mode"
    if not any(esp_matches(child, wanted) for wanted in connection.children[0].esp_proposals):
        yield f"transform {child.encryption} {child.integrity} {child.dh_group}".rstrip()


def _reached(tunnel: Tunnel, connection: IkeConnection) -> tuple[str, ...]:
    """What the SA protects at the aggregator's end: GRE, what a split tunnel is for, else all."""
    if tunnel.gre:
        return (f"{tunnel.gateway_address}/32[gre]",)
    return tuple(str(prefix) for prefix in tunnel.reaches) or connection.children[0].local_ts


def _child_text(child: ChildSaState) -> str:
    return f"{', '.join(child.remote_ts)} if_id {child.if_id} in {child.spi_in:08x} out {child.spi_out:08x}"


def _kernel_claim(site: Site, tunnel: Tunnel) -> Claim[Sas]:
    bound = "has its SAs in the global table" if tunnel.gre else f"binds its SAs to VRF {tunnel.vrf}"
    return Claim(
        5,
        f"{site.name}: SADB of {tunnel.gateway} {bound}",
        f"both SPIs with if_id {tunnel.if_id}, between {tunnel.gateway_address} and {tunnel.address}",
        sas,
        lambda state: judge_kernel(site, tunnel, state),
    )


def judge_kernel(site: Site, tunnel: Tunnel, state: Sas) -> Verdict:
    """The kernel decrypts into, and encrypts from, the VRF that the profile selected."""
    pair = sa_pair(state, site)
    if pair is None:
        return Verdict(False, f"no current SA of {site.name} at both ends")
    wanted = {pair.to_gateway: tunnel.gateway_address, pair.to_site: tunnel.address}
    found = {entry.spi: entry for entry in state.kernel[tunnel.gateway] if entry.spi in wanted}
    mistakes = [f"SPI {spi:08x} is not in the SADB" for spi in wanted if spi not in found]
    mistakes += [
        f"SPI {entry.spi:08x}: if_id {entry.if_id}, to {entry.destination}"
        for entry in found.values()
        if entry.if_id != tunnel.if_id or entry.destination != wanted[entry.spi]
    ]
    return verdict(mistakes, "; ".join(_kernel_text(entry) for entry in found.values()))


def _kernel_text(entry: XfrmState) -> str:
    return f"{entry.source} > {entry.destination} spi {entry.spi:08x} if_id {entry.if_id}"


def _tunnel_claim(site: Site, tunnel: Tunnel, gre: GreTunnel) -> Claim[Tunnels]:
    hub = f"up in that VRF with {gre.gateway_inside} and MTU {gre.mtu}"
    if gre.shared:
        joined = f"context {gre.cloud}, which {gre.in_vrf.interface} joins to that VRF"
        hub = f"up with {gre.gateway_inside} and MTU {gre.mtu} in {joined}"
    return Claim(
        5,
        f"{site.name}: its GRE tunnel ends in VRF {tunnel.vrf} of {tunnel.gateway}",
        f"{gre.gateway_interface} {hub}, and its"
        f" other end {gre.site_interface} in no VRF with {gre.site_inside}",
        tunnels,
        lambda state: judge_tunnel(site, tunnel, gre, state),
    )


def judge_tunnel(site: Site, tunnel: Tunnel, gre: GreTunnel, state: Tunnels) -> Verdict:
    """Both tunnel interfaces are up, with their addresses and MTU, and in the VRF at the aggregator only.

    One that sites share is in a context of its own: what joins that to the VRF is in the VRF.
    """
    hub = place(tunnel.gateway, gre.cloud)
    ends = (
        (hub, gre.gateway_interface, gre.gateway_inside, None if gre.shared else tunnel.vrf),
        (site.node, gre.site_interface, gre.site_inside, None),
    )
    mistakes = []
    for where, name, inside, vrf in ends:
        found = [interface for interface in state[where] if interface.name == name]
        wanted = (True, gre.mtu, vrf, (inside,))
        seen = [(one.up, one.mtu, one.master, one.addresses) for one in found]
        mistakes += [f"{name} of {where}: {_interface_text(one)}" for one in found if seen != [wanted]]
        mistakes += [] if found else [f"{where} has no interface {name}"]
    if gre.shared:
        joining = {one.name: one for one in state[tunnel.gateway]}.get(gre.in_vrf.interface)
        if joining is None or not joining.up or joining.master != tunnel.vrf:
            seen_there = _interface_text(joining) if joining else "not there"
            mistakes.append(f"{gre.in_vrf.interface} of {tunnel.gateway}: {seen_there}")
    return verdict(mistakes, f"{gre.gateway_inside} in VRF {tunnel.vrf}, {gre.site_inside}, MTU {gre.mtu}")


def _interface_text(interface: InterfaceState) -> str:
    addresses = ", ".join(str(address) for address in interface.addresses) or "no address"
    state = "up" if interface.up else "down"
    return f"{state}, MTU {interface.mtu}, {addresses}, VRF {interface.master or 'none'}"


def _no_others_claim(network: Network, gateway: str) -> Claim[Sas]:
    wanted = {
        (tunnel.gateway_connection, tunnel.identity, tunnel.user or "")
        for _, tunnel in network.tunnels()
        if tunnel.gateway == gateway
    }
    for core in network.core_tunnels:
        for own, peer in (core.ends, core.ends[::-1]):
            wanted |= {(own.connection, str(peer.outer), "")} if own.node == gateway else set()

    def judge(state: Sas) -> Verdict:
        others = [
            f"{sa.name} with {sa.remote_id}"
            for sa in state.ike[gateway]
            if sa.current and (sa.name, sa.remote_id, sa.user) not in wanted
        ]
        return verdict(others, f"{len(wanted)} peers have SAs, no other")

    return Claim(5, f"{gateway}: no SA without an intent", "SAs of the sites of lab.yml only", sas, judge)
