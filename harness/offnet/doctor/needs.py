"""What each lab needs of a kernel, as its network implies, against what this one has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from offnet import intent
from offnet.design import design
from offnet.doctor.model import Finding, Needs, Status, Topic, missing
from offnet.errors import OffnetError
from offnet.network.model import Crypto, InterfaceKind, Network, Role

KINDS: Mapping[InterfaceKind, str] = {
    InterfaceKind.VETH: "veth",
    InterfaceKind.DUMMY: "dummy",
    InterfaceKind.XFRM: "xfrm_interface",
    InterfaceKind.VLAN: "8021q",
    InterfaceKind.BRIDGE: "bridge",
    InterfaceKind.GRE: "ip_gre",
    InterfaceKind.MGRE: "ip_gre",
    InterfaceKind.PAIR: "veth",
}


def of_labs(folders: Iterable[Path], findings: tuple[Finding, ...]) -> Iterator[Needs]:
    """The needs of labs, in the order given, judged by what was found of the kernel."""
    absent = {finding.module for finding in missing(findings, Topic.KERNEL)}
    for folder in folders:
        try:
            lab = intent.load(folder)
            wanted = modules(design(lab, crypto) for crypto in Crypto)
        except OffnetError as error:
            yield Needs(folder.name, (), problem=str(error).partition("\n")[0])
            continue
        yield Needs(lab.name, wanted, tuple(module for module in wanted if module in absent))


def modules(networks: Iterable[Network]) -> tuple[str, ...]:
    """The kernel modules that networks need, those of every node's own root included, by name."""
    found = {module for network in networks for module in _modules(network)}
    return tuple(sorted(found | {"overlay"}))


def _modules(network: Network) -> Iterator[str]:
    if network.role(Role.NAT):
        yield "nft_masq"
    for node in network.nodes:
        for context in node.contexts:
            yield from (KINDS[each.kind] for each in context.interfaces if each.kind in KINDS)
            if context.vrfs or context.front_doors:
                yield "vrf"
            if context.nhrp:
                yield from ("nfnetlink_log", "nft_log")
            if context.ldp:
                yield from ("mpls_router", "mpls_iptunnel")
        for connection in node.ike.connections if node.ike else ():
            yield from ("xfrm_user", "esp4")
            if any("des" in proposal for child in connection.children for proposal in child.esp_proposals):
                yield "des_generic"


def status(needs: Needs) -> Status:
    """A lab that this kernel cannot carry is a note: the sandbox carries it."""
    return Status.NOTE if needs.lacking or needs.problem else Status.OK
