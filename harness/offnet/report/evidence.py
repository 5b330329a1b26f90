"""What every node held when a run ended, kept as files: configurations, SAs, routes, labels, logs.

Keys of SAs are never printed, and neither are generated private keys; the pre-shared keys of
the book are part of the rendered configuration and are shown.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from offnet.errors import OffnetError
from offnet.network.model import Network, Node
from offnet.observe import frr
from offnet.observe.vici import Vici
from offnet.render.frr import daemons_of
from offnet.report.evidence_parts import answers, parts
from offnet.report.plain import plain
from offnet.runtime.base import RunningLab

Evidence = Mapping[str, Mapping[str, str]]
"""Texts by node, then by relative file name."""

SCRIPT = "/usr/lib/offnet/evidence.sh"
TIMEOUT = 20.0
_VERSIONS = {
    "kernel": re.compile(r"^Linux version (\S+)"),
    "frr": re.compile(r"FRRouting (\S+)"),
    "strongswan": re.compile(r"\(strongSwan ([^,\s)]+)"),
}
_FRR = {
    "zebra": ("show version", "show running-config", "show ip route vrf all", "show mpls table"),
    "ospfd": (
        "show running-config",
        "show ip ospf vrf all neighbor",
        "show ip ospf vrf all route",
        "show ip ospf vrf all database",
    ),
    "nhrpd": ("show running-config", "show ip nhrp cache", "show ip nhrp shortcut"),
    "ldpd": ("show running-config", "show mpls ldp neighbor", "show mpls ldp binding"),
    "eigrpd": ("show running-config", "show ip eigrp neighbor", "show ip eigrp topology"),
    "bgpd": (
        "show running-config",
        "show bgp ipv4 vpn summary",
        "show bgp ipv4 vpn",
        "show bgp ipv4 vpn json",
        "show bgp vrf all ipv4 unicast",
    ),
}
"""What is asked of each daemon of FRR."""
_PLACES = {"kernel": "kernel/version", "frr": "frr/zebra-version.txt", "strongswan": "log/charon.log"}


def collect(lab: RunningLab, network: Network, directory: Path) -> dict[str, dict[str, str]]:
    """Asks every node at once, writes one folder a node and returns the same texts.

    A node that cannot answer does not spoil the others' evidence: its folder says why.
    """
    with ThreadPoolExecutor(max_workers=max(1, len(network.nodes))) as pool:
        texts = list(pool.map(lambda node: _ask(lab, node), network.nodes))
    evidence = {node.name: files for node, files in zip(network.nodes, texts, strict=True)}
    write(evidence, directory)
    return evidence


def _ask(lab: RunningLab, node: Node) -> dict[str, str]:
    token = secrets.token_hex(8)
    try:
        done = lab.run(node.name, ["sh", SCRIPT, token], timeout=TIMEOUT, check=False)
    except OffnetError as error:
        return {"unreachable.txt": f"{error}\n"}
    told = parts(done.stdout, token) or {"unreachable.txt": done.stdout + done.stderr}
    return told | _frr(lab, node) | (_ike(lab, node.name) if node.ike else {})


def _frr(lab: RunningLab, node: Node) -> dict[str, str]:
    """What the daemons of FRR answer, over their vty sockets; each further instance in its own folder."""
    told: dict[str, str] = {}
    asked = [(context, name) for context in node.contexts for name in daemons_of(context) if name in _FRR]
    for context, daemon in asked:
        instance = "" if context is node.default else context.name
        place = f"contexts/{instance}/frr/{daemon}" if instance else f"frr/{daemon}"
        text = "".join(f"{command}\0" for command in _FRR[daemon]).encode()
        argv = frr.vty_argv(daemon, instance)
        try:
            done = lab.run(node.name, argv, input=text, timeout=TIMEOUT, check=False)
        except OffnetError as error:
            return told | {f"{place}-unreachable.txt": f"{error}\n"}
        told |= answers(place, _FRR[daemon], done.stdout)
        if done.code:
            told[f"{place}-unreachable.txt"] = done.stderr
    return told


def _ike(lab: RunningLab, node: str) -> dict[str, str]:
    """What charon holds, by VICI: ten times cheaper than swanctl, which loads every plugin it has."""
    try:
        with Vici(lab, node, TIMEOUT) as vici:
            held = {"ike/sas.json": vici.list_sas(), "ike/connections.json": vici.list_conns()}
    except OffnetError as error:
        return {"ike/unreachable.txt": f"{error}\n"}
    return {name: json.dumps(plain(value), indent=2) + "\n" for name, value in held.items()}


def write(evidence: Evidence, directory: Path) -> None:
    """One folder a node, below the directory."""
    for node, files in evidence.items():
        for name, text in files.items():
            path = directory / node / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", errors="replace")


def load(directory: Path) -> dict[str, dict[str, str]]:
    """What ``write`` wrote; empty where there is no such directory."""
    if not directory.is_dir():
        return {}
    return {
        node.name: {
            str(path.relative_to(node)): path.read_text(encoding="utf-8", errors="replace")
            for path in sorted(node.rglob("*"))
            if path.is_file()
        }
        for node in sorted(directory.iterdir())
        if node.is_dir()
    }


def versions(evidence: Evidence) -> dict[str, str]:
    """Versions of kernel, FRR and strongSwan, as the first node that has each one says."""
    found: dict[str, str] = {}
    for name, pattern in _VERSIONS.items():
        for files in evidence.values():
            match = pattern.search(files.get(_PLACES[name], ""))
            if match:
                found[name] = match[1]
                break
    return found
