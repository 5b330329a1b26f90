"""The development container: what its files refer to is there, and its script fills an empty checkout."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from offnet import resources
from offnet.artifacts import machine

ROOT = resources.checkout() or Path()
FOLDER = ROOT / ".devcontainer"
TOOLS_OF_MAKE = {"make", "python3", "python3-venv", "debian-archive-keyring"}


@pytest.fixture(scope="module")
def container() -> dict[str, Any]:
    """The file without its comments, which are no part of JSON."""
    text = (FOLDER / "devcontainer.json").read_text(encoding="utf-8")
    plain = re.sub(r'("(?:\\.|[^"\\])*")|//[^\n]*', lambda found: found[1] or "", text)
    parsed: dict[str, Any] = json.loads(plain)
    return parsed


def test_its_files_are_there(container: dict[str, Any]) -> None:
    assert (FOLDER / container["build"]["dockerfile"]).is_file()
    assert os.access(ROOT / container["updateContentCommand"], os.X_OK)


def test_it_has_what_the_builds_and_the_sandbox_start(container: dict[str, Any]) -> None:
    dockerfile = (FOLDER / container["build"]["dockerfile"]).read_text(encoding="utf-8")
    installed = set(
        dockerfile.partition("--no-install-recommends")[2].partition("&&")[0].replace("\\", "").split()
    )
    assert TOOLS_OF_MAKE | set(machine.PACKAGES.values()) <= installed


def test_it_takes_no_rights_that_the_sandbox_does_not_need(container: dict[str, Any]) -> None:
    assert not {"privileged", "capAdd", "mounts"} & container.keys()
    assert not [
        argument for argument in container["runArgs"] if re.search(r"privileged|cap-add|device", argument)
    ]


def test_editors_find_schema_and_interpreter(container: dict[str, Any]) -> None:
    settings = container["customizations"]["vscode"]["settings"]
    ((schema, labs),) = settings["yaml.schemas"].items()
    assert ROOT / schema == resources.schema()
    assert {file.parent for file in ROOT.glob(labs)} == {
        file.parent for file in resources.labs().glob("*/lab.yml")
    }
    assert settings["python.defaultInterpreterPath"].endswith("/.venv/bin/python")


@pytest.mark.lab
def test_an_empty_checkout_is_filled(container: dict[str, Any], tmp_path: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    checkout = tmp_path / "workspaces" / "offnet"
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, checkout / name)
    done = subprocess.run(
        [checkout / container["updateContentCommand"]],
        cwd="/",
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Labs run here" in done.stdout
    assert (checkout / ".venv/bin/offnet").is_file()
