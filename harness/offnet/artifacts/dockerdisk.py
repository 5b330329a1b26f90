"""A lab server's disk for Docker, with the container image of the nodes imported already."""

from __future__ import annotations

import contextlib
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path

from offnet.artifacts import container, noderoot, serverroot, uml
from offnet.artifacts.machine import require_debootstrap
from offnet.artifacts.store import Recipe
from offnet.artifacts.workshop import Workshop
from offnet.host.docker import DATA, DockerDisk
from offnet.host.sandbox import Sandbox

RECIPE_VERSION = b"1"  # raise it when this module makes something else from the same files
KIND = "docker-disk"
IMAGE = "docker.ext4"
SIZE = 8 << 30  # of the file system; the file is as large as what is in it
INODES = 1 << 18
TAR = "image.tar"
STOP_SECONDS = 60
# Its copies live for the time of one sandbox each: nothing is to be recovered after a crash.
FEATURES = ("-O", "^has_journal,^metadata_csum,^resize_inode", "-E", "lazy_itable_init=0")


def recipe() -> Recipe:
    """Return how the disk is made: the server boots once, and imports the image."""
    kernel, node, server = uml.recipe(), noderoot.recipe(), serverroot.recipe()
    return Recipe(
        kind=KIND,
        title="disk for Docker",
        inputs={
            "image": "\n".join(container.changes()).encode(),
            "server": server.key.encode(),
            "recipe": RECIPE_VERSION,
        },
        products=(IMAGE,),
        estimate_seconds=30,
        space=500_000_000,
        scratch_space=400_000_000,
        require=require_debootstrap,
        build=build,
        parts=(kernel, node, server),
    )


def build(workshop: Workshop) -> None:
    """Boot a lab server on an empty disk, import the image there, and put the disk away clean."""
    disk = workshop.output / IMAGE
    workshop.step("making the file system", 2)
    with disk.open("wb") as file:
        file.truncate(SIZE)
    workshop.run(
        ["mkfs.ext4", "-q", "-F", "-L", "docker", "-m", "0", "-N", str(INODES), *FEATURES, str(disk)]
    )
    with (workshop.scratch / TAR).open("wb") as tar:
        tar.writelines(container.content(workshop.parts["node-image"]))
    workshop.step("starting Docker on it", 8)
    with _booted(workshop, disk) as sandbox:
        workshop.step("importing the node image", 20)
        workshop.run(sandbox.host.command(("sh", "-euc", _import(workshop.scratch))))


@contextlib.contextmanager
def _booted(workshop: Workshop, disk: Path) -> Iterator[Sandbox]:
    kernel = workshop.parts["kernel"]
    place = Path(tempfile.mkdtemp(prefix="sandbox-", dir=workshop.scratch))
    sandbox = Sandbox.start(
        place,
        image=workshop.parts[serverroot.KIND] / serverroot.IMAGE,
        kernel=kernel / uml.BINARY,
        docker=on_kernel(disk, kernel, writable=True),
    )
    try:
        yield sandbox
    finally:
        sandbox.stop()


def on_kernel(disk: Path, kernel: Path, *, writable: bool = False) -> DockerDisk:
    """Return the disk as a sandbox with that kernel takes it."""
    release = (kernel / "release").read_text().strip()
    return DockerDisk(disk, kernel / "modules.builtin", release, writable)


def _import(folder: Path) -> str:
    """The script in the guest: it reads the tar where it lies on this machine, then ends Docker."""
    changes = " ".join(f"--change {shlex.quote(change)}" for change in container.changes())
    return f"""
        mount -t hostfs -o hostfs={shlex.quote(str(folder))} none /mnt
        docker import {changes} /mnt/{TAR} {container.IMAGE}
        pid=$(cat /run/docker.pid)
        kill "$pid"
        timeout {STOP_SECONDS} tail --pid="$pid" -f /dev/null
        umount /mnt {DATA}
        """
