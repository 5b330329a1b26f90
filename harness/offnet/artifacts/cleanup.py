"""Removing what builds leave behind, safely."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from offnet.errors import HostError

HELPER_SECONDS = 120.0


def remove_tree(folder: Path) -> None:
    """Remove a folder of a build if it is there, whoever owns what is in it."""
    if not folder.exists():
        return
    _unmount_below(folder)
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists() and os.geteuid() != 0 and shutil.which("mmdebstrap"):
        _remove_as_its_owner(folder)
    if folder.exists():
        shutil.rmtree(folder, ignore_errors=True)


def mounts_below(folder: Path, table: Path = Path("/proc/self/mounts")) -> list[str]:
    """Return the mount points inside ``folder``: a removal would go through them."""
    inside = f"{folder.absolute()}/"
    points = [line.split()[1].encode().decode("unicode_escape") for line in table.read_text().splitlines()]
    return [point for point in points if point.startswith(inside)]


def _unmount_below(folder: Path) -> None:
    """Undo the mounts of a build that was killed as root; raise HostError when one stays."""
    for point in reversed(mounts_below(folder)):
        subprocess.run(
            ["umount", "--lazy", "--", point],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=HELPER_SECONDS,
            check=False,
        )
    remaining = mounts_below(folder)
    if remaining:
        message = f"{folder} is not removed: {remaining[0]} is still mounted there; unmount it first."
        raise HostError(message)


def _remove_as_its_owner(folder: Path) -> None:
    """Remove files of the user numbers that mmdebstrap maps for an ordinary user."""
    subprocess.run(
        ["mmdebstrap", "--unshare-helper", "rm", "-rf", "--", str(folder)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=HELPER_SECONDS,
        check=False,
        cwd="/",
    )
