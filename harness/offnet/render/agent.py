"""agent.json: what the agent of an aggregator may inject, how it uses the AAA server; a site's two peers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from offnet.network.aaa import GROUP_PASSWORD
from offnet.network.ike import GroupDownload
from offnet.network.model import Node, ReverseRoutePolicy
from offnet.render.strongswan import connection_message, pool_message

# The routing protocol number of reverse routes in the kernel, so that they are told from others.
REVERSE_ROUTE_PROTOCOL = 200


def agent_files(node: Node) -> dict[str, str]:
    """What the agent of a node reads; nothing where there is none."""
    if not needs_agent(node):
        return {}
    head = {"socket": "/run/charon.vici", "protocol": REVERSE_ROUTE_PROTOCOL, **_aaa(node)}
    if node.ike and node.ike.backup:  # a site, which has no routes to inject
        return {"agent.json": f"{json.dumps({**head, 'backup': asdict(node.ike.backup), 'policies': []})}\n"}
    # A line a connection, so that a site more is a line more.
    policies = ",\n".join(json.dumps(_policy(policy)) for policy in node.reverse_routes)
    text = f'{json.dumps(head)[:-1]}, "policies": [\n{policies}\n]{_accounting(node)}}}\n'
    return {"agent.json": text}


def needs_agent(node: Node) -> bool:
    """Whether there are reverse routes to inject, an AAA server to wait for, or a backup to ask."""
    return bool(node.reverse_routes or (node.ike and (node.ike.radius or node.ike.backup)))


def _aaa(node: Node) -> dict[str, Any]:
    if node.ike is None or node.ike.radius is None:
        return {}
    radius = node.ike.radius
    return {
        "aaa": {
            "server": str(radius.server),
            "port": radius.authentication_port,
            "secret": radius.secret,
            "nas": radius.nas,
            "password": GROUP_PASSWORD,
            "groups": [_download(download) for download in node.ike.downloads],
        }
    }


def _accounting(node: Node) -> str:
    """The end of the text: which connections the AAA server is told of, by VRF."""
    radius = node.ike.radius if node.ike else None
    sites = ",\n".join(f"{json.dumps(name)}: {json.dumps(vrf)}" for name, vrf in _accounted(node))
    if radius is None or not sites:
        return ""
    head = {
        "server": str(radius.server),
        "port": radius.accounting_port,
        "secret": radius.secret,
        "nas": radius.nas,
        "interim": radius.interim,
    }
    return f',\n"accounting": {json.dumps(head)[:-1]}, "sites": {{\n{sites}\n}}}}'


def _accounted(node: Node) -> Iterator[tuple[str, str]]:
    """Connections of sites whose profile wants accounting, each with its VRF; charon accounts clients."""
    radius = node.ike.radius if node.ike else None
    vrfs = {vrf.if_id: vrf.name for vrf in node.default.vrfs}
    for connection in node.ike.connections if node.ike and radius else ():
        if radius and connection.profile in radius.profiles and not connection.pools:
            yield from ((connection.name, vrfs[one.if_id]) for one in connection.children if one.if_id)


def _download(download: GroupDownload) -> dict[str, Any]:
    return {
        "name": download.connection.name,
        "owner": download.owner,
        "connection": connection_message(download.connection),
        "pools": {pool.name: pool_message(pool)["addrs"] for pool in download.pools},
    }


def _policy(policy: ReverseRoutePolicy) -> dict[str, Any]:
    peer = {} if policy.identity is None else {"identity": policy.identity}
    return {
        "connection": policy.connection,
        "vrf": policy.vrf,
        "table": policy.table,
        "interface": policy.interface,
        "prefixes": [str(prefix) for prefix in policy.prefixes],
        "static": policy.static,
        **peer,
    }
