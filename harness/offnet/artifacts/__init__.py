"""What labs run on and is too large to ship: the node image and the sandbox kernel.

Both are built when missing and kept under ``$XDG_CACHE_HOME/offnet``, named by the
hash of what they are made from.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from offnet.artifacts import noderoot as _noderoot
from offnet.artifacts import uml as _uml
from offnet.artifacts.builders import make_all
from offnet.artifacts.machine import cache_root, missing_packages
from offnet.artifacts.progress import Progress, Silent
from offnet.artifacts.store import Recipe, Store

__all__ = [
    "KERNEL",
    "NODE_IMAGE",
    "ImageRecord",
    "Progress",
    "Recipe",
    "Silent",
    "Store",
    "cache_root",
    "ensure",
    "image_record",
    "kernel",
    "missing_packages",
    "node_image",
    "node_tar",
]

NODE_IMAGE, KERNEL = "node-image", "kernel"
_RECIPES = {NODE_IMAGE: _noderoot.recipe, KERNEL: _uml.recipe}


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """What a node image was made of. ``stale``: its copy of the node's own files is not today's."""

    versions: dict[str, str]
    stale: bool


def ensure(*kinds: str, progress: Progress | None = None, root: Path | None = None) -> dict[str, Path]:
    """Return the folders of artifacts by kind, built side by side when missing.

    Kinds are "node-image" and "kernel"; none named means both.
    """
    recipes = [_RECIPES[kind]() for kind in kinds or tuple(_RECIPES)]
    return make_all(Store(root or cache_root()), recipes, progress or Silent())


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


def image_record(folder: Path) -> ImageRecord:
    """Return what the image in an artifact's folder was made of, and whether it is stale."""
    record = dict(_noderoot.read_record((folder / _noderoot.RECORD).read_text()))
    return ImageRecord(record, stale=record.get("NODE_DIGEST") != _noderoot.node_digest())
