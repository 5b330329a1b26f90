"""The sandbox kernel: user-mode Linux built from Debian's newest linux-source in a throwaway root."""

from __future__ import annotations

import os
import re
import shutil

from offnet import resources
from offnet.artifacts.bootstrap import copy_in, copy_out, in_root, mmdebstrap
from offnet.artifacts.machine import require_debootstrap
from offnet.artifacts.store import Recipe
from offnet.artifacts.workshop import Workshop

RECIPE_VERSION = b"1"  # raise it when this module makes something else from the same files
PATCHES = ("memory.patch", "clock.patch", "faults.patch")  # in the order in which they apply
INPUTS = ("uml.fragment", "build.sh", "backports.sh", *PATCHES)
BINARY = "linux"
PRODUCTS = (BINARY, "modules.builtin", "config", "release", "patches")
PACKAGES = (
    "bc",
    "bison",
    "flex",
    "gcc",
    "libc6-dev",
    "libelf-dev",
    "make",
    "patch",
    "perl",
    "python3-minimal",
    "xz-utils",
)
STAGE, OUT = "/tmp/offnet", "/tmp/offnet-out"  # noqa: S108  inside a new root, where nobody else is

# Measured: what does not, and what does, get quicker with more cores; and how much is compiled.
FIXED_SECONDS, UNPACK_SECONDS, COMPILE_CORE_SECONDS = 60.0, 12.0, 600.0
OBJECTS = 1506
STEP = "offnet-step: "
OBJECT = re.compile(r"  (?:CC|AS|LD|AR|LINK) +(\S+)")


def recipe() -> Recipe:
    """Return how the kernel is made from the files of this checkout or package."""
    folder = resources.kernel()
    return Recipe(
        kind="kernel",
        title="sandbox kernel",
        inputs={
            **{name: (folder / name).read_bytes() for name in INPUTS},
            "packages": " ".join(PACKAGES).encode(),
            "recipe": RECIPE_VERSION,
        },
        products=PRODUCTS,
        estimate_seconds=estimate(),
        space=100_000_000,
        scratch_space=4_000_000_000,
        require=require_debootstrap,
        build=build,
    )


def estimate() -> float:
    """Return the seconds that the build is expected to take on this machine."""
    return FIXED_SECONDS + COMPILE_CORE_SECONDS / len(os.sched_getaffinity(0))


def build(workshop: Workshop) -> None:
    """Install source and compiler in a root of their own, build there, and bring out the kernel."""
    folder = resources.kernel()
    staged = workshop.scratch / "stage"
    staged.mkdir()
    for name in ("uml.fragment", "build.sh", *PATCHES):
        shutil.copy(folder / name, staged)
    hooks = [
        # As text: its path may lie in a folder closed to the user number that runs it.
        (folder / "backports.sh").read_text(),
        *copy_in(staged, STAGE),
        in_root(" ".join(("sh", f"{STAGE}/build.sh", STAGE, OUT, *PATCHES))),
        copy_out(OUT, workshop.output),
    ]
    workshop.step("installing compiler and kernel source", FIXED_SECONDS - UNPACK_SECONDS)
    workshop.run(mmdebstrap(packages=PACKAGES, hooks=hooks), on_line=Teller(workshop))


class Teller:
    """Turns what the build prints into steps, and each compiled object into a share of the whole."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._compiled = 0

    def __call__(self, line: str) -> None:
        """Hear one line of the build."""
        if line.startswith(STEP):
            name = line.removeprefix(STEP)
            seconds = estimate() - FIXED_SECONDS if "compiling" in name else UNPACK_SECONDS
            self._workshop.step(name, seconds)
        elif found := OBJECT.match(line):
            self._compiled += 1
            share = min(99, 100 * self._compiled // OBJECTS)
            self._workshop.tick(f"{share} % compiled ({found[1]})")
