"""Making a Debian root file system: what the node image and the kernel build share."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

SUITE = "trixie"
OWN_MOUNTS = ("unshare", "--mount", "--")
PROBE_SECONDS = 10.0


def mmdebstrap(*, packages: Sequence[str], hooks: Sequence[str], target: Path | None = None) -> list[str]:
    """Return the command that makes a root with these packages, runs the hooks, and writes a tar if wanted.

    No mirror is named: mmdebstrap knows Debian's, and apt's own configuration applies.
    """
    root = os.geteuid() == 0
    return [
        # Mounts of their own vanish with the build, however that ends; unshare mode has them anyway.
        *(OWN_MOUNTS if root and _may_mount() else []),
        "mmdebstrap",
        f"--mode={'root' if root else 'unshare'}",
        "--variant=apt",
        f"--include={','.join(packages)}",
        "--dpkgopt=force-unsafe-io",
        *(f"--customize-hook={hook}" for hook in hooks),
        f"--format={'tar' if target else 'null'}",
        SUITE,
        str(target or "/dev/null"),
    ]


def _may_mount() -> bool:
    """Whether this root may mount; in a plain container it may not, and mmdebstrap does without."""
    probe = subprocess.run(
        [*OWN_MOUNTS, "true"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PROBE_SECONDS,
        check=False,
    )
    return probe.returncode == 0


def copy_in(source: Path, inside: str) -> list[str]:
    """Return the hooks that copy the content of a folder of ours into a new folder of the root.

    mmdebstrap reads our side as us, so that it may lie in a folder closed to others.
    """
    return [f'mkdir -p "$1{inside}"', f"sync-in {shlex.quote(str(source))} {inside}"]


def copy_out(inside: str, destination: Path) -> str:
    """Return the hook that copies the content of a folder of the root into a folder of ours."""
    return f"sync-out {inside} {shlex.quote(str(destination))}"


def in_root(command: str) -> str:
    """Return the hook that runs a command in the root."""
    return f'chroot "$1" {command}'
