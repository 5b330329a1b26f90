"""The files of one node, by their path below its folder."""

from __future__ import annotations

from collections.abc import Iterable

from offnet.network.model import (
    IkeConnection,
    Interface,
    InterfaceKind,
    Node,
    Role,
)
from offnet.render.agent import agent_files, needs_agent
from offnet.render.context import context_files, nhrp_rules
from offnet.render.freeradius import freeradius_files
from offnet.render.frr import daemons, doors_inside, frr_files
from offnet.render.kernel import (
    batch_lines,
    front_door_lines,
    has_site_tunnels,
    loaded_lines,
    needs_guard,
    sysctl_lines,
    tunnel_sysctl_lines,
)
from offnet.render.strongswan import (
    Message,
    charon_settings,
    connection_message,
    pool_message,
    secret_id,
    secret_section,
    section_text,
)
from offnet.render.templates import template


def node_files(node: Node) -> dict[str, str]:
    """Text by relative path. A file that a node has no use for is absent."""
    files = {
        "node.env": _environment(node),
        "sysctl.conf": _lines(sysctl_lines(node)),
        "ip.batch": _lines(batch_lines(node.default, node.contexts[1:])),
    }
    tunnels = _lines(tunnel_sysctl_lines(node))
    if tunnels:
        files["sysctl-tunnels.conf"] = tunnels
    door = _lines(front_door_lines(node.default))
    if door:
        files["front-door.batch"] = door
    loaded = _lines(loaded_lines(node))
    if loaded:
        files["loaded.conf"] = loaded
    if needs_guard(node):
        files["nftables.conf"] = _guard(node) + nhrp_rules(node.default)
    elif node.role is Role.NAT:
        files["nftables.conf"] = _nat(node)
    else:
        tables = _provider_tables(node)
        if tables:
            files["nftables.conf"] = tables
    files |= frr_files(node, node.default) | _strongswan(node) | agent_files(node) | _authorities(node)
    for context in node.contexts[1:]:
        files |= context_files(node, context)
    return files | freeradius_files(node)


def _environment(node: Node) -> str:
    context = node.default
    interfaces = [i.name for i in context.interfaces if i.kind is InterfaceKind.VETH]
    peers = node.ike.await_peers if node.ike else ()
    values = {
        "NODE": node.name,
        "INTERFACES": " ".join(interfaces),
        "DAEMONS": " ".join(daemons(node)),
        "IKE": "yes" if node.ike else "no",
        "AGENT": "yes" if needs_agent(node) else "no",
        "AWAIT_ROUTES": " ".join(f"{peer}/32" for peer in context.ldp.peers) if context.ldp else "",
        "AWAIT_PEERS": " ".join(str(peer) for peer in peers),
    }
    if node.ike and node.ike.await_tables:
        values["AWAIT_TABLES"] = " ".join(f"{table}:{labels}" for table, labels in node.ike.await_tables)
    if len(node.contexts) > 1:
        values["CONTEXTS"] = " ".join(other.name for other in node.contexts[1:])
    if node.ike and node.ike.radius:
        values["AAA"] = "yes"
    if node.radius:
        values["RADIUS"] = "yes"
    certified = node.authorities or node.credentials
    if certified:
        values["KEY"] = str(certified.key or "none")
    return "".join(f"{key}='{value}'\n" for key, value in values.items())


def _strongswan(node: Node) -> dict[str, str]:
    if node.ike is None:
        return {}
    sections: dict[str, dict[str, Message]] = {
        "connections": {c.name: connection_message(c) for c in node.ike.connections},
        "secrets": {secret_id(secret): secret_section(secret) for secret in node.ike.secrets},
        "pools": {pool.name: pool_message(pool) for pool in node.ike.pools},
    }
    texts = [section_text(name, body) for name, body in sections.items() if body or name != "pools"]
    return {
        "strongswan.conf": template("strongswan/strongswan.conf.j2").render(
            charon_settings(node.ike),
            several_doors=any(i.front_door and i.vlan for i in node.default.interfaces),
        ),
        "swanctl.conf": "\n".join((f"# {node.name}: `swanctl --load-all` reads this file", *texts, "")),
    }


def _authorities(node: Node) -> dict[str, str]:
    if node.authorities is None:
        return {}
    return {"authorities": template("ca/authorities.j2").render(ca=node.authorities)}


def _guard(node: Node) -> str:
    interfaces, inner, whose = node.default.interfaces, "", "GRE of sites"
    door = next(i for i in interfaces if i.kind is InterfaceKind.VETH)
    if node.role is Role.CLIENT:  # its inner address is not known beforehand: all but the outer one is inner
        inner, whose = f"!= {door.addresses[0].ip}", "its inner address"
    elif node.role in {Role.SPOKE, Role.CE}:
        lan = next(i for i in interfaces if i.kind is InterfaceKind.DUMMY)
        inner, whose = str(lan.addresses[0].network), "its LAN"
    return template("nftables.conf.j2").render(
        node=node,
        door=door.name,
        inner=inner,
        whose=whose,
        gre=has_site_tunnels(node),
        hubs=_hubs(node),
        nhrp=any(context.nhrp for context in node.contexts),
    )


def _hubs(node: Node) -> list[Interface]:
    """The multipoint tunnels that a node is the hub of."""
    inner = (each for context in node.contexts[1:] for each in context.interfaces)
    return [each for each in inner if each.kind is InterfaceKind.MGRE]


def _provider_tables(node: Node) -> str:
    """What a PE does not let pass: between VPNs, tunnels and the Internet, and to other PEs."""
    doors = (*doors_inside(node), *circuits_of_sites(node))
    text = template("aggregator.conf.j2").render(node=node, doors=doors) if node.drops or doors else ""
    if node.ike and node.ike.await_tables:
        text += template("front-doors.conf.j2").render(node=node)
    return text + (_core_guard(node) if core_peers(node) else "")


def circuits_of_sites(node: Node) -> tuple[Interface, ...]:
    """Front doors with one peer each: nothing is routed through them but to the other end."""
    routed = {route.interface for route in node.default.routes}
    doors = (i for i in node.default.interfaces if i.front_door and i.addresses)
    return tuple(door for door in doors if door.name not in routed)


def core_peers(node: Node) -> list[str]:
    """The outer addresses of the PEs that a node has tunnels to."""
    return [str(each.remote) for each in node.default.interfaces if each.kind is InterfaceKind.GRE]


def _core_guard(node: Node) -> str:
    """GRE always; what else the PEs protect between their outer addresses as well."""
    selectors = {ts for c in _core_connections(node) for child in c.children for ts in child.local_ts}
    protocols = sorted(ts.removeprefix("dynamic[").removesuffix("]") for ts in selectors)
    peers = ", ".join(core_peers(node))
    return template("core-guard.conf.j2").render(node=node, peers=peers, protocols=", ".join(protocols))


def _core_connections(node: Node) -> list[IkeConnection]:
    connections = node.ike.connections if node.ike else ()
    return [one for one in connections if all(child.mode == "transport" for child in one.children)]


def _nat(node: Node) -> str:
    (door,) = {route.interface for route in node.default.routes}
    return template("nat.conf.j2").render(node=node, door=door)


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
