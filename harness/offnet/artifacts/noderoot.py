"""The node image: a Debian root with routing, IPsec and the node's own files, as ext4 image and as tar."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from offnet import resources
from offnet.artifacts.bootstrap import copy_in, in_root, mmdebstrap
from offnet.artifacts.machine import require_debootstrap
from offnet.artifacts.store import Recipe
from offnet.artifacts.wheels import download_wheels
from offnet.artifacts.workshop import Workshop

RECIPE_VERSION = b"1"  # raise it when this module makes something else from the same files
INPUTS = ("packages.txt", "requirements.txt", "setup.sh", "image.sh")
TITLE = "node image"
IMAGE, TAR, RECORD = "root.ext4", "root.tar", "offnet-image"
STAGE = "/tmp/offnet"  # noqa: S108  inside the new root, where nobody else is

# What mmdebstrap says when it comes to a part of its work, and what that is for the user.
MILESTONES = (
    ("I: downloading packages", "downloading packages"),
    ("I: installing essential", "installing Debian"),
    ("I: installing remaining", "installing FRR, strongSwan and tools"),
    ("I: running special hook: sync-in", "installing the node's own files"),
    ("I: creating tarball", "writing the container image's tar"),
)


def recipe() -> Recipe:
    """Return how the node image is made from the files of this checkout or package."""
    folder = resources.image()
    inputs = {name: (folder / name).read_bytes() for name in INPUTS}
    return Recipe(
        kind="node-image",
        title=TITLE,
        inputs={**inputs, "recipe": RECIPE_VERSION},
        products=(IMAGE, TAR, RECORD),
        estimate_seconds=60,
        space=1_000_000_000,
        scratch_space=1_000_000_000,
        require=require_debootstrap,
        build=build,
    )


def build(workshop: Workshop) -> None:
    """Make both forms of the image in one pass of mmdebstrap."""
    make_root(workshop, tar=workshop.output / TAR)


def make_root(
    workshop: Workshop, *, tar: Path | None = None, extra: Sequence[str] = (), hooks: Sequence[str] = ()
) -> None:
    """Write the root as ext4 image, and as a tar if wanted, with extra packages after which hooks run."""
    staged = workshop.scratch / "stage"
    _stage(workshop, staged)
    workshop.step("making the root file system", 55)
    image = workshop.output / IMAGE
    with image.open("wb") as file:
        # For an ordinary user the hook runs under another user number, see image.sh.
        image.chmod(0o666)
        descriptor = file.fileno()
        workshop.run(
            _command(workshop, staged, tar, extra, hooks),
            extra_env={"OFFNET_IMAGE_FD": str(descriptor)},
            pass_fds=[descriptor],
            on_line=_teller(workshop),
        )
    image.chmod(0o644)


def packages(text: str) -> list[str]:
    """Return the names in a package list, without comments."""
    return [name for line in text.splitlines() if (name := line.partition("#")[0].strip())]


def node_files() -> Path:
    """Return the folder whose content becomes /usr/lib/offnet in the image."""
    return resources.package() / "node"


def node_digest(folder: Path | None = None) -> str:
    """Return the digest of the node's own files, computed as setup.sh does it in the image."""
    folder = folder or node_files()
    files = [f for f in folder.rglob("*") if f.is_file() and "__pycache__" not in f.relative_to(folder).parts]
    names = {f"./{file.relative_to(folder)}": file for file in files}
    lines = [f"{hashlib.sha256(names[name].read_bytes()).hexdigest()}  {name}\n" for name in sorted(names)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def read_record(text: str) -> Mapping[str, str]:
    """Return what /etc/offnet-image says: versions of the main packages, and NODE_DIGEST."""
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def _stage(workshop: Workshop, staged: Path) -> None:
    """Collect what goes into the root beside packages: setup script, wheels, the node's files."""
    folder = resources.image()
    shutil.copytree(node_files(), staged / "node", ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    for name in ("setup.sh", "requirements.txt"):
        shutil.copy(folder / name, staged)
    workshop.step("fetching the agent's Python modules", 3)
    download_wheels(workshop, staged / "requirements.txt", staged / "wheels")


def _command(
    workshop: Workshop, staged: Path, tar: Path | None, extra: Sequence[str], hooks: Sequence[str]
) -> list[str]:
    folder = resources.image()
    return mmdebstrap(
        packages=[*packages((folder / "packages.txt").read_text()), *extra],
        hooks=[
            *hooks,
            *copy_in(staged, STAGE),
            in_root(f"sh {STAGE}/setup.sh {STAGE}"),
            f"download /etc/offnet-image '{workshop.output / RECORD}'",
            # As text: its path may lie in a folder closed to the user number that runs it.
            (folder / "image.sh").read_text(),
        ],
        target=tar,
    )


def _teller(workshop: Workshop) -> Callable[[str], None]:
    def tell(line: str) -> None:
        for start, meaning in MILESTONES:
            if line.startswith(start):
                workshop.tick(meaning)

    return tell
