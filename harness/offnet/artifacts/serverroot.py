"""The root of a lab server: that of a node, with Docker and containerlab."""

from __future__ import annotations

import shutil

from offnet import resources
from offnet.artifacts import gotools, noderoot
from offnet.artifacts.bootstrap import copy_in, in_root
from offnet.artifacts.machine import require_debootstrap
from offnet.artifacts.store import Recipe
from offnet.artifacts.workshop import Workshop

RECIPE_VERSION = b"1"  # raise it when this module makes something else from the same files
KIND = "server-root"
IMAGE = noderoot.IMAGE
STAGE = "/tmp/server"  # noqa: S108  inside the new root, where nobody else is


def recipe() -> Recipe:
    """Return how the root is made from the files of this checkout or package."""
    node, tools = noderoot.recipe(), gotools.recipe()
    return Recipe(
        kind=KIND,
        title="lab server",
        inputs={
            "node": node.key.encode(),
            "packages.txt": (resources.server() / "packages.txt").read_bytes(),
            "tools": tools.key.encode(),
            "recipe": RECIPE_VERSION,
        },
        products=(IMAGE,),
        estimate_seconds=80,
        space=1_000_000_000,
        scratch_space=1_500_000_000,
        require=require_debootstrap,
        build=build,
        parts=(tools,),
    )


def build(workshop: Workshop) -> None:
    """Install everything in one pass of mmdebstrap."""
    staged = workshop.scratch / "server"
    staged.mkdir()
    shutil.copy(workshop.parts[gotools.KIND] / gotools.CONTAINERLAB, staged)
    noderoot.make_root(
        workshop,
        extra=noderoot.packages((resources.server() / "packages.txt").read_text()),
        hooks=[
            *copy_in(staged, STAGE),
            in_root(f"install -m 755 {STAGE}/{gotools.CONTAINERLAB} /usr/bin/"),
            in_root(f"rm -r {STAGE}"),
        ],
    )
