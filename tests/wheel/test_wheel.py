"""What a user without a checkout has: the wheel in an environment of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest

from offnet import resources

if TYPE_CHECKING:
    from tests.wheel.conftest import Installation

FOLDERS = {
    "harness/offnet": "offnet",
    "templates": "offnet/_data/templates",
    "labs": "offnet/_data/labs",
    "harness/image": "offnet/_data/image",
    "harness/kernel": "offnet/_data/kernel",
}
"""Folders of the checkout, and where the wheel has them."""

_PLACES = """
import json, offnet
from offnet import resources
found = {name: str(getattr(resources, name)()) for name in ("templates", "labs", "image", "kernel", "schema")}
checkout = (resources.checkout(), resources.topologies())
print(json.dumps({"package": offnet.__file__, "data": found, "checkout": checkout}))
"""


_IMPORTS = """
import importlib, pkgutil, offnet
for module in pkgutil.walk_packages(offnet.__path__, "offnet."):
    if not module.name.startswith("offnet.node.") and not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""


def checkout() -> Path:
    root = resources.checkout()
    assert root is not None
    return root


def files(folder: Path) -> dict[str, bytes]:
    """Files below a folder, but for what tools leave there: bytecode, hidden folders."""
    found = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    return {
        str(name): path.read_bytes()
        for name, path in found.items()
        if not any(part.startswith((".", "__pycache__")) for part in name.parts)
    }


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_wheel_has_every_file(wheel: Path, folder: str) -> None:
    prefix = f"{FOLDERS[folder]}/"
    with ZipFile(wheel) as archive:
        names = [name.removeprefix(prefix) for name in archive.namelist() if name.startswith(prefix)]
        packed = {name: archive.read(prefix + name) for name in names if not name.startswith("_data/")}
    assert packed == files(checkout() / folder)


def test_everything_comes_from_the_new_environment(installed: Installation) -> None:
    done = installed.run("python", "-c", _PLACES)
    places = json.loads(done.stdout)
    package = Path(places["package"]).parent
    assert package.is_relative_to(installed.environment)
    assert {Path(path).parent for path in places["data"].values()} == {package / "_data"}
    assert places["checkout"] == [None, None]


def test_all_that_it_needs_is_what_it_says(installed: Installation) -> None:
    done = installed.run("python", "-c", "import hypothesis")
    assert "ModuleNotFoundError" in done.stderr, "the environment shows more than the wheel asks for"
    done = installed.run("python", "-c", _IMPORTS)
    assert done.returncode == 0, done.stderr


def test_it_lists_its_labs(installed: Installation) -> None:
    (lab,) = (
        entry for entry in json.loads(installed.offnet("list", "--json")) if entry["lab"] == "single-ip"
    )
    assert lab["examples"]
    assert Path(lab["folder"]).is_relative_to(installed.environment)
    assert lab["title"] in installed.offnet("list")


def test_its_rendering_is_the_committed_one(installed: Installation) -> None:
    installed.offnet("render", "single-ip", "--into", "rendered")
    assert files(installed.work / "rendered/single-ip") == files(checkout() / "topologies/single-ip")
    assert "up to date" in installed.offnet("render", "single-ip", "--check", "--into", "rendered")


def test_a_new_lab_is_made_where_the_user_is_and_renders(installed: Installation) -> None:
    assert "offnet check my-lab" in installed.offnet("new", "my-lab", "--from", "single-ip")
    installed.offnet("render", "my-lab", "--into", "rendered")
    assert (installed.work / "rendered/my-lab/my-lab.clab.yml").is_file()
    assert (installed.work / "rendered/my-lab/vpn-gw1-east/swanctl.conf").is_file()


def test_the_editor_of_a_new_lab_finds_the_schema(installed: Installation) -> None:
    installed.offnet("new", "my-lab", "--from", "single-ip")
    (line,) = (
        line for line in (installed.work / "my-lab/lab.yml").read_text().splitlines() if "$schema=" in line
    )
    schema = Path(line.partition("$schema=")[2])
    assert schema.is_relative_to(installed.environment)
    assert schema.read_bytes() == (checkout() / "docs/lab.schema.json").read_bytes()


def test_rendering_asks_where_to(installed: Installation) -> None:
    assert "--into DIR" in installed.offnet("render", "single-ip", code=2)
    assert not list(installed.work.iterdir())


def test_it_helps(installed: Installation) -> None:
    said = installed.offnet("check", "--help")
    assert "--host" in said
    assert "--crypto" in said


def test_its_doctor_sees_an_empty_cache_and_leaves_it_empty(installed: Installation) -> None:
    done = installed.run("offnet", "doctor", "--json")
    diagnosis = json.loads(done.stdout)
    assert done.returncode == (0 if diagnosis["usable"] else 3)
    cached = {found["name"]: found["status"] for found in diagnosis["findings"] if "built" in found["topic"]}
    assert cached["node image"] == cached["sandbox kernel"] == "note"
    assert not list(installed.home.iterdir())
