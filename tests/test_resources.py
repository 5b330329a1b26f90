"""Finding files: the checkout first, the packaged copies otherwise."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from offnet import resources

CHECKOUT = Path(__file__).parent.parent
# A package outside a checkout is another installation: it is looked at by a Python of its own.
ASK = "import sys; sys.path.insert(0, sys.argv[1]); from offnet import resources; print({call})"


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder like site-packages with offnet in it, and another project's pyproject.toml above."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "somebody-elses"\n')
    package = tmp_path / "site" / "offnet"
    package.mkdir(parents=True)
    for name in ("__init__.py", "errors.py", "resources.py"):
        shutil.copy(resources.package() / name, package)
    return package


def ask(package: Path, call: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-c", ASK.format(call=call), str(package.parent)],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
        cwd=package.parent,
    )


def test_the_checkout_is_found() -> None:
    assert resources.checkout() == CHECKOUT


@pytest.mark.parametrize(
    ("found", "path"),
    [
        (resources.templates, "templates"),
        (resources.labs, "labs"),
        (resources.image, "harness/image"),
        (resources.kernel, "harness/kernel"),
        (resources.schema, "docs/lab.schema.json"),
        (resources.topologies, "topologies"),
        (resources.runs_dir, "runs"),
    ],
)
def test_a_checkout_serves_its_own_files(found: Callable[[], Path | None], path: str) -> None:
    assert found() == CHECKOUT / path


def test_an_installed_package_serves_its_copies(installed: Path) -> None:
    (installed / "_data" / "labs").mkdir(parents=True)
    assert ask(installed, "resources.labs()").stdout.strip() == str(installed / "_data" / "labs")


def test_an_installed_package_has_no_topologies_and_runs_where_it_stands(installed: Path) -> None:
    assert ask(installed, "resources.topologies()").stdout.strip() == "None"
    assert ask(installed, "resources.runs_dir()").stdout.strip() == str(installed.parent / "runs")


def test_an_incomplete_installation_is_named(installed: Path) -> None:
    assert "HostError: this installation of offnet is incomplete" in ask(installed, "resources.labs()").stderr
