"""The wheel, installed in an empty environment outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Installation:
    """An environment with nothing but offnet and what it needs, used from an empty folder."""

    environment: Path
    work: Path

    @property
    def home(self) -> Path:
        """The user's home, empty at first."""
        return self.work.parent / "home"

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment in the empty folder; of this process's variables only PATH."""
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "PYTHONWARNINGS": "error",
        }
        command = (str(self.environment / "bin" / argv[0]), *argv[1:])
        return subprocess.run(
            command, cwd=self.work, env=variables, capture_output=True, text=True, timeout=60, check=False
        )

    def offnet(self, *arguments: str, code: int = 0) -> str:
        """Run ``offnet``, which must end with that code, and return what it says."""
        done = self.run("offnet", *arguments)
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="session")
def environment(
    tmp_path_factory: pytest.TempPathFactory, wheel: Path, wheel_needs: tuple[Distribution, ...]
) -> Path:
    """pip installs the wheel itself; what it needs are links to the same packages of this environment."""
    folder = tmp_path_factory.mktemp("installation") / "environment"
    venv.create(folder, with_pip=False, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    for needed in wheel_needs:
        for name in {file.parts[0] for file in needed.files or ()} - {"..", "__pycache__"}:
            (site / name).symlink_to(Path(str(needed.locate_file(name))))
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(folder))
    install = (*pip, "install", "--quiet", "--no-index", "--no-deps", str(wheel))
    done = subprocess.run(install, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def installed(environment: Path, tmp_path: Path) -> Installation:
    found = Installation(environment, tmp_path / "work")
    found.work.mkdir()
    found.home.mkdir()
    return found
