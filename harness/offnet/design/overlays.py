"""Overlays: every member's router holds a tunnel to every other one; PEs get plain circuits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from offnet.design.internet import attach, uplink
from offnet.design.lan import LAN, Lan
from offnet.design.numbers import Numbers
from offnet.design.parts import Contribution, Part
from offnet.intent import models as written
from offnet.intent.overlays import Across
from offnet.network.model import (
    AuthRound,
    ChildSa,
    Crypto,
    Identity,
    IkeConnection,
    Interface,
    InterfaceKind,
    Role,
    SharedSecret,
    Site,
)
from offnet.network.overlay import Overlay, OverlayTunnel


@dataclass(frozen=True, slots=True)
class _Member:
    """One site of an overlay, with what its connections are made from."""

    name: str
    site: written.OverlaySite
    lan: Lan
    overlay: written.Overlay
    # In words once, and not again for each of the others: a mesh has many.
    address: str
    prefix: str
    identity: Identity

    @property
    def in_provider(self) -> bool:
        return self.overlay.across is Across.PROVIDER


def overlays(intent: written.LabIntent, numbers: Numbers, crypto: Crypto) -> Contribution:
    """Every member's router, its way to the others, and its tunnel to each of them."""
    ways, parts, sites = [], [], []
    for members in _meshes(intent, numbers).values():
        for member in members:
            way = _circuit(member) if member.in_provider else _on_internet(intent, member)
            ways.append(way)
            parts += [*way.parts, _router(member, members, crypto)]
            sites.append(_site(intent, member))
    return Contribution(tuple(parts), tuple(link for way in ways for link in way.links), tuple(sites))


def meshes(intent: written.LabIntent, numbers: Numbers) -> tuple[Overlay, ...]:
    """The overlays as the checks need them: who has a tunnel with whom."""
    return tuple(
        Overlay(
            name=name,
            vpn=intent.overlays[name].vpn,
            sites=tuple(member.name for member in members),
            tunnels=tuple(_tunnel(one, other) for one, other in combinations(members, 2)),
            circuits={m.name: m.site.overlay.address.network for m in members if m.in_provider},
        )
        for name, members in _meshes(intent, numbers).items()
    )


def uses_internet(intent: written.LabIntent) -> bool:
    """Whether anything of a lab is on the Internet: an overlay inside the provider needs none."""
    across = any(overlay.across is Across.INTERNET for overlay in intent.overlays.values())
    return across or bool(intent.gateways) or bool(intent.nats) or not intent.overlays


def _meshes(intent: written.LabIntent, numbers: Numbers) -> dict[str, list[_Member]]:
    members: dict[str, list[_Member]] = {name: [] for name in intent.overlays}
    for name, site in intent.sites.items():
        if isinstance(site, written.OverlaySite):
            mesh, lan, address = site.overlay.mesh, numbers.lans[name], site.overlay.address.ip
            words = str(address), str(lan.prefix), Identity.address(address)
            members[mesh].append(_Member(name, site, lan, intent.overlays[mesh], *words))
    return members


def _initiates(one: _Member, other: _Member) -> bool:
    """By name, never by position: a site more turns no tunnel round."""
    return one.name < other.name


def _tunnel(one: _Member, other: _Member) -> OverlayTunnel:
    first, second = (one, other) if _initiates(one, other) else (other, one)
    return OverlayTunnel(
        first.name, second.name, first.site.overlay.address.ip, second.site.overlay.address.ip
    )


def _circuit(member: _Member) -> Contribution:
    """The member's router in its PE's VRF, which learns the circuit and nothing behind it."""
    pe = member.site.overlay.pe
    assert pe is not None  # noqa: S101 - a rule of the intent
    return uplink(member.name, member.site.overlay.address, pe, vrf=member.site.vpn)


def _on_internet(intent: written.LabIntent, member: _Member) -> Contribution:
    return attach(intent, member.name, member.site.overlay.address)


def _router(member: _Member, members: list[_Member], crypto: Crypto) -> Part:
    lan, others = member.lan, [other for other in members if other is not member]
    return Part(
        member.name,
        role=Role.CE if member.in_provider else Role.SPOKE,
        interfaces=(
            Interface("lo", InterfaceKind.LOOPBACK),
            Interface(LAN, InterfaceKind.DUMMY, lan.interface(lan.router, lan.host, lan.marker)),
        ),
        connections=tuple(_connections(member, others, crypto)),
        secrets=tuple(SharedSecret(other.name, (other.address,), member.overlay.key) for other in others),
        awaited=any(_initiates(other, member) for other in others),
        await_peers=tuple(other.site.overlay.address.ip for other in others if _initiates(member, other)),
    )


def _connections(member: _Member, others: list[_Member], crypto: Crypto) -> Iterator[IkeConnection]:
    version = 1 if crypto is Crypto.AS_PRINTED else 2
    overlay = member.overlay
    for other in others:
        initiates = _initiates(member, other)
        yield IkeConnection(
            name=other.name,
            version=version,
            local_addresses=(member.address,),
            remote_addresses=(other.address,),
            local=AuthRound("psk", member.identity),
            remote=AuthRound("psk", other.identity),
            proposals=overlay.ike_policies.of(crypto),
            dpd_delay=overlay.dpd.delay,
            dpd_timeout=overlay.dpd.timeout,
            children=(_child(member, other, crypto, initiates=initiates),),
            # IKEv1 dies silently when both ends rekey an IKE_SA.
            rekey=initiates or crypto is Crypto.MODERN,
            tireless=initiates,
        )


def _child(member: _Member, other: _Member, crypto: Crypto, *, initiates: bool) -> ChildSa:
    return ChildSa(
        name=other.name,
        local_ts=(member.prefix,),
        remote_ts=(other.prefix,),
        esp_proposals=member.overlay.esp.of(crypto),
        start_action="trap|start" if initiates else "none",
        dpd_action="restart" if initiates else "clear",
        close_action="trap" if initiates else "none",
    )


def _site(intent: written.LabIntent, member: _Member) -> Site:
    lan, site = member.lan, member.site
    pe = site.overlay.pe if member.in_provider and site.overlay.pe else intent.internet
    return Site(
        member.name,
        site.vpn,
        member.name,
        pe,
        lan.prefix,
        lan.host,
        lan.marker,
        overlay=site.overlay.mesh,
    )
