"""What labs run on and is too large to ship: node image, sandbox kernel, and what makes a lab server.

All are built when missing and kept under ``$XDG_CACHE_HOME/offnet``, named by the
hash of what they are made from.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from offnet.artifacts import dockerdisk as _dockerdisk
from offnet.artifacts import gotools as _gotools
from offnet.artifacts import noderoot as _noderoot
from offnet.artifacts import serverroot as _serverroot
from offnet.artifacts import uml as _uml
from offnet.artifacts.builders import make_all
from offnet.artifacts.machine import cache_root, missing_packages
from offnet.artifacts.progress import Progress, Silent
from offnet.artifacts.store import Recipe, Store
from offnet.host.docker import DockerDisk

__all__ = [
    "DOCKER_DISK",
    "KERNEL",
    "NODE_IMAGE",
    "SERVER_ROOT",
    "TOOLS",
    "ImageRecord",
    "LabServer",
    "Progress",
    "Recipe",
    "Silent",
    "Store",
    "cache_root",
    "ensure",
    "folder",
    "found",
    "image_record",
    "kernel",
    "lab_server",
    "missing_packages",
    "node_image",
    "node_tar",
    "tool",
]

NODE_IMAGE, KERNEL = "node-image", "kernel"
TOOLS, SERVER_ROOT, DOCKER_DISK = _gotools.KIND, _serverroot.KIND, _dockerdisk.KIND
_RECIPES = {
    NODE_IMAGE: _noderoot.recipe,
    KERNEL: _uml.recipe,
    TOOLS: _gotools.recipe,
    SERVER_ROOT: _serverroot.recipe,
    DOCKER_DISK: _dockerdisk.recipe,
}


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """What a node image was made of. ``stale``: its copy of the node's own files is not today's."""

    versions: dict[str, str]
    stale: bool


@dataclass(frozen=True, slots=True)
class LabServer:
    """What a sandbox is started with to be a lab server: Docker serves in it, containerlab is on its PATH.

    ::

        Sandbox.start(folder, image=server.root, kernel=server.kernel, docker=server.docker)

    The daemon listens on ``offnet.host.docker.SOCKET`` and holds the image ``offnet-node``.
    """

    root: Path
    kernel: Path
    docker: DockerDisk


def ensure(*kinds: str, progress: Progress | None = None, root: Path | None = None) -> dict[str, Path]:
    """Return the folders of artifacts by kind, built side by side when missing.

    None named means what the embedded runtime needs in a sandbox: node image and kernel.
    """
    recipes = [_RECIPES[kind]() for kind in kinds or (NODE_IMAGE, KERNEL)]
    return make_all(Store(root or cache_root()), recipes, progress or Silent())


def found(kind: str) -> Path | None:
    """Return the folder of an artifact if it is there and current; nothing is built."""
    return Store(cache_root()).find(_RECIPES[kind]())


def folder(kind: str) -> Path:
    """Return the folder of today's artifact of a kind, whose last part is its key; it may not exist yet."""
    return cache_root() / kind / _RECIPES[kind]().key


def node_image(progress: Progress | None = None) -> Path:
    """Return the ext4 image file of a node's root, built when missing."""
    return ensure(NODE_IMAGE, progress=progress)[NODE_IMAGE] / _noderoot.IMAGE


def node_tar(progress: Progress | None = None) -> Path:
    """Return the same root as a tar, for `docker import`, built when missing."""
    return ensure(NODE_IMAGE, progress=progress)[NODE_IMAGE] / _noderoot.TAR


def kernel(progress: Progress | None = None) -> Path:
    """Return the folder of the sandbox kernel, built when missing.

    It holds linux, modules.builtin, config and release.
    """
    return ensure(KERNEL, progress=progress)[KERNEL]


def lab_server(progress: Progress | None = None) -> LabServer:
    """Return what makes a sandbox a lab server, built when missing."""
    made = ensure(KERNEL, SERVER_ROOT, DOCKER_DISK, progress=progress)
    disk = _dockerdisk.on_kernel(made[DOCKER_DISK] / _dockerdisk.IMAGE, made[KERNEL])
    return LabServer(made[SERVER_ROOT] / _serverroot.IMAGE, made[KERNEL] / _uml.BINARY, disk)


def tool(name: str, progress: Progress | None = None) -> Path:
    """Return the program ``containerlab`` or ``actionlint``, built when missing."""
    return ensure(TOOLS, progress=progress)[TOOLS] / name


def image_record(folder: Path) -> ImageRecord:
    """Return what the image in an artifact's folder was made of, and whether it is stale."""
    record = dict(_noderoot.read_record((folder / _noderoot.RECORD).read_text()))
    return ImageRecord(record, stale=record.get("NODE_DIGEST") != _noderoot.node_digest())
