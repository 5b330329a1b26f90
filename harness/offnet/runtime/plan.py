"""What a runtime puts on a host for one lab: pure text, made from the topology."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files as resource_files
from importlib.resources.abc import Traversable

from offnet.runtime.clab import Bind, ClabTopology, Volume

BASE = "/run/offnet/labs"
"""Where labs live on a host, one directory each; mode 755, root's, in memory."""

DOWN = "down.sh"
"""Takes the lab away from its host, whatever the runtime: with ``--when-lost`` once nobody keeps it."""

LIB = "/usr/lib/offnet"
"""Where a node has its own files. The working copy is laid over those of the image."""

_NETNS_SCRIPTS = {"netns-up.sh": "netns-up.sh", "netns-node.sh": "netns-node.sh", DOWN: "netns-down.sh"}


@dataclass(frozen=True, slots=True)
class Plan:
    """Files for a host, below ``directory``, and the names that the scripts in them use."""

    lab: str
    nodes: tuple[str, ...]
    directory: str
    files: Mapping[str, bytes]

    def absolute(self) -> dict[str, bytes]:
        """The same files by absolute path."""
        return {f"{self.directory}/{name}": content for name, content in self.files.items()}


def directory(lab: str) -> str:
    """Where a lab lives on its host."""
    return f"{BASE}/{lab}"


def make(topology: ClabTopology, *, rootfs: str | None = None) -> Plan:
    """The plan of the netns runtime for a topology.

    ``rootfs`` is the directory on the host that shows the node root filesystem; without it the
    scripts mount an image there themselves.
    """
    where = directory(topology.name)
    files = common_files(topology, _NETNS_SCRIPTS)
    files["links.batch"] = _batch(topology).encode()
    files["down.batch"] = _down_batch(topology).encode()
    for node in topology.nodes:
        files[f"fstab/{node}"] = _fstab(topology, node, rootfs or f"{where}/rootfs").encode()
    return Plan(topology.name, tuple(topology.nodes), where, files)


def namespace(lab: str, node: str) -> str:
    """The name under which ``ip netns`` knows a node."""
    return f"{lab}-{node}"


def common_files(topology: ClabTopology, scripts: Mapping[str, str]) -> dict[str, bytes]:
    """Files of every runtime: the nodes' folders, their own files, scripts by the name they get there."""
    files = {f"topology/{name}": content for name, content in topology.files().items()}
    files |= {f"lib/{name}": content for name, content in _node_files().items()}
    package = resource_files("offnet.runtime")
    files |= {name: package.joinpath(source).read_bytes() for name, source in scripts.items()}
    return files | {"plan.env": _environment(topology).encode()}


def _node_files() -> dict[str, bytes]:
    """The working copy of what runs inside a node."""
    found: dict[str, bytes] = {}
    pending: list[tuple[str, Traversable]] = [("", resource_files("offnet.node"))]
    while pending:
        prefix, folder = pending.pop()
        for entry in folder.iterdir():
            if entry.is_dir() and entry.name != "__pycache__":
                pending.append((f"{prefix}{entry.name}/", entry))
            elif entry.is_file():
                found[f"{prefix}{entry.name}"] = entry.read_bytes()
    return found


def _environment(topology: ClabTopology) -> str:
    values = {
        "LAB": topology.name,
        "NODES": " ".join(topology.nodes),
        "VOLUMES": " ".join(topology.volumes()),
    }
    return "".join(f"{key}='{value}'\n" for key, value in values.items())


def _batch(topology: ClabTopology) -> str:
    """Namespaces and links, for one ``ip`` process: both ends are born where they belong."""

    def end(node: str, interface: str, mtu: int) -> str:
        return f"name {interface} mtu {mtu} netns {namespace(topology.name, node)}"

    lines = [f"netns add {namespace(topology.name, node)}" for node in topology.nodes]
    lines += [
        f"link add {end(link.a.node, link.a.interface, link.mtu)} type veth"
        f" peer {end(link.b.node, link.b.interface, link.mtu)}"
        for link in topology.links
    ]
    return "".join(f"{line}\n" for line in lines)


def _down_batch(topology: ClabTopology) -> str:
    return "".join(f"netns del {namespace(topology.name, node)}\n" for node in topology.nodes)


def _fstab(topology: ClabTopology, node: str, rootfs: str) -> str:
    """All mounts of a node, made by one process in the node's own mount namespace."""
    where = directory(topology.name)
    live, root = f"{where}/live", f"{where}/live/{node}/root"
    layers = f"lowerdir={rootfs},upperdir={live}/{node}/upper,workdir={live}/{node}/work"
    lines = [
        f"overlay {root} overlay {layers}",
        f"proc {root}/proc proc nosuid,nodev,noexec",
        f"sysfs {root}/sys sysfs nosuid,nodev,noexec",
        f"{live}/dev {root}/dev none bind",
        f"devpts {root}/dev/pts devpts gid=5,mode=620,ptmxmode=666",
        f"{where}/lib {root}{LIB} none bind,ro",
        f"{live}/events {root}/run/offnet/events none bind",
    ]
    mounts = topology.nodes[node]
    sources: list[tuple[str, Bind | Volume]] = [
        (f"{where}/topology/{bind.source}", bind) for bind in mounts.binds
    ]
    sources += [(f"{live}/volumes/{volume.name}", volume) for volume in mounts.volumes]
    for source, mount in sources:
        options = "bind,ro" if mount.read_only else "bind"
        lines.append(f"{source} {root}{mount.target} none X-mount.mkdir,{options}")
    return "".join(f"{line} 0 0\n" for line in lines)
