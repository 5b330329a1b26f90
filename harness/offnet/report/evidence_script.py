"""The one shell command that makes a node tell everything, and the way back to files.

One round trip a node: every section starts with a separator that holds a random token, so
that nothing a daemon prints can be taken for one. FRR is asked over its vty sockets, which
is some hundred times cheaper than vtysh.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping

from offnet.network.model import Node

SEPARATOR = "\036"
VTY_COMMANDS: Mapping[str, tuple[str, ...]] = {
    "zebra": ("show version", "show running-config", "show ip route vrf all", "show mpls table"),
    "ospfd": (
        "show running-config",
        "show ip ospf neighbor",
        "show ip ospf route",
        "show ip ospf database",
    ),
    "ldpd": ("show running-config", "show mpls ldp neighbor", "show mpls ldp binding"),
    "bgpd": (
        "show running-config",
        "show bgp ipv4 vpn summary",
        "show bgp ipv4 vpn",
        "show bgp ipv4 vpn json",
        "show bgp vrf all ipv4 unicast",
    ),
}
KERNEL: Mapping[str, str] = {
    "version.txt": "uname -a",
    "ip/link.txt": "ip -s -d link show",
    "ip/address.txt": "ip address show",
    "ip/rule.txt": "ip rule show",
    "ip/route.txt": "ip route show table all",
    "ip/neighbor.txt": "ip neighbor show",
    "ip/labels.txt": "ip -f mpls route show",
    "nftables.txt": "nft list ruleset",
    "xfrm/state.txt": "ip -s xfrm state list nokeys",
    "xfrm/policy.txt": "ip -s xfrm policy list",
    "xfrm/errors.txt": "cat /proc/net/xfrm_stat",
    "processes.txt": "ps -eo pid,ppid,etime,time,rss,args",
}
IKE: Mapping[str, str] = {
    "ike/version.txt": "swanctl --version",
    "ike/sas.txt": "swanctl --list-sas",
    "ike/connections.txt": "swanctl --list-conns",
}
FILES = r"""
for file in $(find /etc/offnet -type f ! -name '*.key' ! -path '*/private/*') /var/log/offnet/*.log; do
  [ -f "$file" ] || continue
  case $file in
    /etc/offnet/*) section "rendered/${file#/etc/offnet/}" ;;
    *) section "log/${file##*/}" ;;
  esac
  cat "$file" 2>&1
done
"""


def script(node: Node, token: str) -> str:
    """The shell command that prints all sections of a node; what fails says so in its section."""
    lines = [f"section() {{ printf '{SEPARATOR}%s %s\\n' {shlex.quote(token)} \"$1\"; }}"]
    for name, command in _commands(node):
        lines.append(f"section {shlex.quote(name)}; {command} 2>&1")
    for daemon, commands in VTY_COMMANDS.items():
        asked = "".join(f"{command}\\0" for command in commands)
        socket = f"/run/frr/{daemon}.vty"
        lines.append(
            f"if [ -S {socket} ]; then section frr/{daemon}; "
            f"printf {shlex.quote(asked)} | socat -t5 - UNIX-CONNECT:{socket} 2>&1; fi"
        )
    return "\n".join(lines) + FILES + ":\n"


def _commands(node: Node) -> Iterator[tuple[str, str]]:
    yield from KERNEL.items()
    for context in node.contexts:
        for vrf in context.vrfs:
            yield f"ip/route-{vrf.name}.txt", f"ip route show vrf {shlex.quote(vrf.name)}"
    if node.ike is not None:
        yield from IKE.items()


def sections(text: str, token: str) -> dict[str, str]:
    """The files in what a node printed, by their relative path; vty answers are one file a command."""
    files: dict[str, str] = {}
    for part in text.split(f"{SEPARATOR}{token} ")[1:]:
        name, _, body = part.partition("\n")
        if name.startswith("frr/"):
            files.update(_answers(name.removeprefix("frr/"), body))
        else:
            files[name] = body
    return {name: body for name, body in files.items() if body.strip()}


def _answers(daemon: str, body: str) -> Iterator[tuple[str, str]]:
    """Each answer ends with three NULs and a status byte."""
    answers = re.split("\0\0\0.", body, flags=re.DOTALL)
    for command, answer in zip(VTY_COMMANDS[daemon], answers, strict=False):
        name = command.removeprefix("show ").replace(" ", "-")
        name, ending = (name.removesuffix("-json"), "json") if name.endswith("-json") else (name, "txt")
        yield f"frr/{daemon}-{name}.{ending}", answer.replace("\r", "")
