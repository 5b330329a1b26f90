"""Intent to network: every address, number and name that lab.yml leaves open is decided here."""

from __future__ import annotations

from offnet.design.aaa import aaa
from offnet.design.aggregator import inside_interfaces
from offnet.design.certificates import certificates
from offnet.design.circuits import circuits
from offnet.design.core import core
from offnet.design.dmvpn import clouds, dmvpn
from offnet.design.gre import gre
from offnet.design.interfaces import interfaces_that_meet
from offnet.design.internet import internet
from offnet.design.numbers import number
from offnet.design.on_net import on_net
from offnet.design.overlays import meshes, overlays, uses_internet
from offnet.design.parts import Contribution, assemble
from offnet.design.pe_pe import core_tunnels, pe_pe
from offnet.design.remote_access import remote_access
from offnet.design.site_to_site import site_to_site
from offnet.intent.loader import refuse
from offnet.intent.models import LabIntent
from offnet.intent.rules.protection import mesh_warnings
from offnet.network.model import Crypto, Network, Node, Role, Vpn


def design(intent: LabIntent, crypto: Crypto | None = None) -> Network:
    """The resolved network of a lab in one crypto variant (the lab's own default if None).

    Raises LabError where two names meet in one slot of a pool, or two interfaces in one name.
    """
    variant = crypto or intent.crypto
    numbers = number(intent)
    rules: tuple[Contribution, ...] = (
        core(intent, numbers),
        internet(intent) if uses_internet(intent) else Contribution(),
        pe_pe(intent, numbers, variant),
        on_net(intent, numbers.lans),
        circuits(intent, numbers),
        site_to_site(intent, numbers, variant),
        overlays(intent, numbers, variant),
        remote_access(intent, numbers, variant),
        aaa(intent),
        certificates(intent, numbers, variant),
        gre(intent, numbers, variant),
        dmvpn(intent, numbers, variant),
    )
    rules += (inside_interfaces([part for rule in rules for part in rule.parts], numbers),)
    nodes = assemble(part for rule in rules for part in rule.parts)
    links = tuple(link for rule in rules for link in rule.links)
    sites = {site.name: site for rule in rules for site in rule.sites}
    refuse(intent, interfaces_that_meet(intent, nodes, links, sites.values()))
    return Network(
        name=intent.name,
        title=intent.title,
        crypto=variant,
        asn=intent.provider.asn,
        nodes=nodes,
        links=links,
        vpns=tuple(Vpn(name, vpn.rd, vpn.rt.import_, vpn.rt.export) for name, vpn in intent.vpns.items()),
        sites=tuple(sites[name] for name in (*intent.sites, *intent.clients) if name in sites),
        unprotected=tuple(site for rule in rules for site in rule.unprotected),
        capture_point=_capture_point(intent, nodes),
        core_tunnels=core_tunnels(intent, numbers),
        warnings=mesh_warnings(intent),
        overlays=meshes(intent, numbers),
        clouds=clouds(intent, numbers),
    )


def _capture_point(intent: LabIntent, nodes: tuple[Node, ...]) -> str:
    """The Internet, where there is one; else the core, at a P router if there is one."""
    if uses_internet(intent):
        return intent.internet
    routers = [node for node in nodes if node.role in (Role.P, Role.PE)]
    return min(routers, key=lambda node: node.role is Role.PE).name
