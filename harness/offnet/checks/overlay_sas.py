"""Proof 5 of overlays: every two members have one pair of SAs for their LANs, and nobody has another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from offnet.checks.claim import Claim, Verdict, verdict
from offnet.checks.proposals import esp_matches, ike_matches
from offnet.experiments.state import Sas, sas
from offnet.network.model import IkeConnection, Network, Overlay, OverlayTunnel, Site
from offnet.observe.vici_model import IkeSa


@dataclass(frozen=True, slots=True)
class MeshPair:
    """SPIs of the current SAs of a tunnel, by direction."""

    to_responder: int
    to_initiator: int


@dataclass(frozen=True, slots=True)
class End:
    """One end of a tunnel: its site, the site at the other end, and the connection that it holds."""

    site: Site
    peer: Site
    connection: IkeConnection


def claims(network: Network) -> Iterator[Claim[Any]]:
    """One claim a tunnel, and one a member."""
    for overlay in network.overlays:
        for tunnel in overlay.tunnels:
            yield _tunnel(network, overlay, tunnel)
        for member in overlay.sites:
            yield _no_others(network, overlay, member)


def ends(network: Network, tunnel: OverlayTunnel) -> tuple[End, End]:
    """Initiator and responder."""
    one, other = network.site(tunnel.initiator), network.site(tunnel.responder)
    return (
        End(one, other, network.node(one.node).connection(other.name)),
        End(other, one, network.node(other.node).connection(one.name)),
    )


def mesh_pair(tunnel: OverlayTunnel, state: Sas) -> MeshPair | None:
    """The SA pair that both ends agree on; None where there is not exactly one."""
    here = _children(state, tunnel.initiator, tunnel.responder)
    there = _children(state, tunnel.responder, tunnel.initiator)
    found = {MeshPair(child.spi_out, child.spi_in) for child in here}
    found &= {MeshPair(child.spi_in, child.spi_out) for child in there}
    return found.pop() if len(found) == len(here) == len(there) == 1 else None


def _sas(state: Sas, site: str, peer: str) -> tuple[IkeSa, ...]:
    return tuple(sa for sa in state.ike.get(site, ()) if sa.name == peer and sa.current)


def _children(state: Sas, site: str, peer: str) -> list[Any]:
    return [child for sa in _sas(state, site, peer) for child in sa.current_children]


def _tunnel(network: Network, overlay: Overlay, tunnel: OverlayTunnel) -> Claim[Sas]:
    both = ends(network, tunnel)
    own = both[0].connection
    return Claim(
        5,
        f"{overlay.name}: one tunnel between {tunnel.initiator} and {tunnel.responder}",
        f"IKEv{own.version}, {' or '.join(own.proposals)}, then "
        f"{' or '.join(own.children[0].esp_proposals)} for {both[0].site.lan} and {both[1].site.lan}, "
        "alike at both ends and in their SADBs",
        sas,
        lambda state: judge_tunnel(tunnel, both, state),
    )


def judge_tunnel(tunnel: OverlayTunnel, both: tuple[End, End], state: Sas) -> Verdict:
    """One IKE_SA with one CHILD_SA, as intended, which both ends and both kernels know."""
    pair = mesh_pair(tunnel, state)
    if pair is None:
        counts = [f"{len(_children(state, end.site.name, end.peer.name))} at {end.site.name}" for end in both]
        return Verdict(False, f"CHILD_SAs: {', '.join(counts)}, or SPIs that the ends do not agree on")
    mistakes = [f"{end.site.name}: {text}" for end in both for text in _mistakes(end, state)]
    for end in both:
        missing = {pair.to_initiator, pair.to_responder} - {
            entry.spi for entry in state.kernel[end.site.node]
        }
        mistakes += [f"{end.site.name}: SPI {spi:08x} is not in the SADB" for spi in sorted(missing)]
    return verdict(mistakes, f"{pair.to_responder:08x} there, {pair.to_initiator:08x} back")


def _mistakes(end: End, state: Sas) -> Iterator[str]:
    own, found = end.connection, _sas(state, end.site.name, end.peer.name)
    if len(found) != 1:
        yield f"{len(found)} IKE_SAs with {end.peer.name}"
    for sa in found:
        if sa.version != own.version or not any(ike_matches(sa, proposal) for proposal in own.proposals):
            yield f"IKEv{sa.version} {sa.encryption} {sa.integrity} {sa.prf} {sa.dh_group}"
        if (sa.local_id, sa.remote_id) != (own.local.id.text, own.remote.id.text):
            yield f"identities {sa.local_id} and {sa.remote_id}"
        for child in sa.current_children:
            if (child.local_ts, child.remote_ts) != ((str(end.site.lan),), (str(end.peer.lan),)):
                yield f"protects {', '.join(child.local_ts)} = {', '.join(child.remote_ts)}"
            if child.mode.upper() != own.children[0].mode.upper():
                yield f"{child.mode} mode"
            if not any(esp_matches(child, wanted) for wanted in own.children[0].esp_proposals):
                yield f"transform {child.encryption} {child.integrity} {child.dh_group}".rstrip()


def _no_others(network: Network, overlay: Overlay, member: str) -> Claim[Sas]:
    daemon = network.node(network.site(member).node).ike
    wanted = {connection.name for connection in daemon.connections} if daemon else set()

    def judge(state: Sas) -> Verdict:
        held = [sa for sa in state.ike[member] if sa.current]
        others = [f"{sa.name} with {sa.remote_id}" for sa in held if sa.name not in wanted]
        lacks = wanted - {sa.name for sa in held}
        return verdict(others + [f"none with {name}" for name in sorted(lacks)], f"{len(held)} IKE_SAs")

    return Claim(
        5,
        f"{member}: a tunnel to every other member of {overlay.name}, and no other",
        f"{len(overlay.sites) - 1} IKE_SAs, one a peer",
        sas,
        judge,
    )
