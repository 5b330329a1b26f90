"""The containerlab topology file (schema of containerlab 0.79); both runtimes read it."""

from __future__ import annotations

import re

import yaml

from offnet.network.model import Crypto, Endpoint, Network, Node, Role
from offnet.render.block_yaml import Value, block_yaml

IMAGE = "offnet-node"
CRYPTO_LABEL = "offnet-crypto"
# Each is needed: FRR does not start without SYS_ADMIN, which it enters namespaces with, and the
# entrypoint makes /proc/sys writable with it; NET_ADMIN is for links, routes, XFRM and nftables;
# NET_RAW, which Docker gives and other engines do not, for OSPF, ping and captures.
CAPABILITIES = ("NET_ADMIN", "NET_RAW", "SYS_ADMIN")
# Docker's profile for AppArmor forbids every mount, whatever the capabilities. Without AppArmor: no effect.
SECURITY = ("apparmor=unconfined",)
# Healthy is a node whose daemons have been started and none of which was given up.
HEALTHCHECK: Value = {
    "test": ["CMD", "test", "-e", "/run/offnet/ready", "-a", "!", "-e", "/run/offnet/failed"],
    "start-period": 60,
    "interval": 30,
    "timeout": 5,
    "retries": 2,
}
# Tiers of `containerlab graph`: provider on top, customers at the bottom.
LEVELS = {Role.P: 1, Role.PE: 2, Role.CA: 2, Role.AAA: 3, Role.INTERNET: 3, Role.SWITCH: 3} | dict.fromkeys(
    (Role.CE, Role.SPOKE, Role.CLIENT, Role.NAT), 4
)
ICONS = {
    Role.P: "router",
    Role.PE: "router",
    Role.CA: "server",
    Role.INTERNET: "cloud",
    Role.NAT: "router",
    Role.SWITCH: "switch",
    Role.CE: "host",
    Role.SPOKE: "host",
    Role.CLIENT: "client",
    Role.AAA: "server",
}
# What a node shares with those that certify it, seen from either side.
CREDENTIALS_VOLUME = "/var/lib/offnet/pki"
AUTHORITY_VOLUMES = "/srv/offnet"


def clab_file(network: Network) -> str:
    """The text of ``<lab>.clab.yml``. Nodes have no management network: access is by exec only."""
    document: dict[str, Value] = {
        "name": network.name,
        "mgmt": {"skip-when-unused": True},
        "topology": {
            "defaults": {
                "kind": "linux",
                "image": IMAGE,
                "image-pull-policy": "Never",
                "restart-policy": "no",
                "network-mode": "none",
                "privileged": False,
                "cap-add": [*CAPABILITIES],
                "security-opts": [*SECURITY],
                "healthcheck": HEALTHCHECK,
                "labels": {CRYPTO_LABEL: network.crypto.value},
            },
            "groups": {
                role.value: {"labels": {"graph-level": LEVELS[role], "graph-icon": ICONS[role]}}
                for role in sorted({node.role for node in network.nodes})
            },
            "nodes": {node.name: _node(network, node) for node in network.nodes},
            "links": [
                {"type": "veth", "mtu": link.mtu, "endpoints": [_endpoint(link.a), _endpoint(link.b)]}
                for link in network.links
            ],
        },
    }
    origin = f"# Rendered from labs/{network.name}/lab.yml by `offnet render`; do not edit.\n"
    return f"# {_inert(network.title)}\n{origin}{block_yaml(document)}"


def _node(network: Network, node: Node) -> Value:
    entry: dict[str, Value] = {"group": node.role.value, "binds": [f"{node.name}:/etc/offnet:ro"]}
    volumes = _volumes(network, node)
    return entry | {"volumes": [*volumes]} if volumes else entry


def _volumes(network: Network, node: Node) -> list[str]:
    """One volume per node that has something of an authority, which it shares with that alone."""
    mounts = [f"{volume(network, node.name)}:{CREDENTIALS_VOLUME}"] if node.credentials else []
    if node.authorities:
        mounts += [
            f"{volume(network, holder)}:{AUTHORITY_VOLUMES}/{holder}" for holder in node.authorities.holders
        ]
    return mounts


def volume(network: Network, node: str) -> str:
    """The name of a node's volume; Docker has one name space for the volumes of all labs."""
    return f"{network.name}-pki-{node}"


def _inert(text: str) -> str:
    """Text that containerlab leaves alone: it expands templates and variables in comments too."""
    return re.sub(r"{(?={)", "{ ", text).replace("$", "$$")


def _endpoint(endpoint: Endpoint) -> Value:
    return {"node": endpoint.node, "interface": endpoint.interface}


def crypto_of(text: str) -> Crypto:
    """The crypto variant that the text of a rendered topology file is of."""
    return Crypto(yaml.safe_load(text)["topology"]["defaults"]["labels"][CRYPTO_LABEL])
