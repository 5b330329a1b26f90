"""Fetching what is pinned by hash from the Python package index that this machine's pip knows."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path

from offnet.artifacts.workshop import Workshop
from offnet.errors import HostError


def download_wheels(workshop: Workshop, requirements: Path, folder: Path) -> None:
    """Download the wheels that a requirements file pins into a folder; ArtifactError when that fails."""
    workshop.run(
        [
            *_pip(),
            "download",
            "--quiet",
            "--no-input",
            "--disable-pip-version-check",
            "--require-hashes",
            "--no-deps",
            "--only-binary=:all:",
            f"--requirement={requirements}",
            f"--dest={folder}",
        ],
        extra_env=os.environ,
    )


def _pip() -> list[str]:
    """Return the pip of this Python, or another one of this machine."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    for name in ("pip3", "pip"):
        if found := shutil.which(name):
            return [found]
    message = "python3-pip must be installed:\n\n    sudo apt-get install -y python3-pip\n"
    raise HostError(message)
