"""On-net sites: a CE behind a PE, on a circuit in the VRF."""

from __future__ import annotations

from ipaddress import IPv4Network

from offnet.design.allocate import interface_name
from offnet.design.lan import Lan
from offnet.design.parts import Contribution, Part
from offnet.intent.models import LabIntent, OnNetSite
from offnet.network.model import Endpoint, Interface, InterfaceKind, Link, Role, Site, StaticRoute

DEFAULT_ROUTE = IPv4Network("0.0.0.0/0")
CE_UPLINK = "pe"


def on_net(intent: LabIntent, lans: dict[str, Lan]) -> Contribution:
    """Every site that a PE reaches by a circuit. The CE has no VPN configuration at all."""
    chosen = {name: site for name, site in intent.sites.items() if isinstance(site, OnNetSite)}
    return Contribution(
        parts=tuple(part for name, site in chosen.items() for part in _circuit(name, site, lans[name])),
        links=tuple(
            Link(Endpoint(site.pe, interface_name(name)), Endpoint(name, CE_UPLINK))
            for name, site in chosen.items()
        ),
        sites=tuple(_site(name, site, lans[name]) for name, site in chosen.items()),
    )


def _circuit(name: str, site: OnNetSite, lan: Lan) -> tuple[Part, Part]:
    pe_end = Interface(interface_name(name), InterfaceKind.VETH, lan.interface(lan.router), vrf=site.vpn)
    ce_end = Interface(CE_UPLINK, InterfaceKind.VETH, lan.interface(lan.host, lan.marker))
    return (
        Part(site.pe, interfaces=(pe_end,)),
        Part(
            name,
            role=Role.CE,
            interfaces=(Interface("lo", InterfaceKind.LOOPBACK), ce_end),
            routes=(StaticRoute(DEFAULT_ROUTE, via=lan.router),),
        ),
    )


def _site(name: str, site: OnNetSite, lan: Lan) -> Site:
    return Site(name, site.vpn, name, site.pe, lan.prefix, lan.host, lan.marker)
