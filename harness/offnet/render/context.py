"""The files of a routing context beside a node's first one, in a folder of its own."""

from __future__ import annotations

from offnet.network.model import Node, RoutingContext
from offnet.render.frr import daemons_of, frr_files
from offnet.render.kernel import batch_lines, context_sysctl_lines
from offnet.render.templates import template


def context_files(node: Node, context: RoutingContext) -> dict[str, str]:
    """Text by path below the node's folder."""
    files = {
        "context.env": f"DAEMONS='{' '.join(daemons_of(context))}'\n",
        "sysctl.conf": "".join(f"{line}\n" for line in context_sysctl_lines()),
        "ip.batch": "".join(f"{line}\n" for line in batch_lines(context)),
    }
    rules = nhrp_rules(context)
    if rules:
        files["nftables.conf"] = rules
    files |= frr_files(node, context)
    return {f"contexts/{context.name}/{path}": text for path, text in files.items()}


def nhrp_rules(context: RoutingContext) -> str:
    """What nhrpd is given copies of, where a context speaks NHRP."""
    return template("nhrp.conf.j2").render(nhrp=context.nhrp) if context.nhrp else ""
