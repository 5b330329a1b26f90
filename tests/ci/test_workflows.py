"""The action and the workflows: sound, pinned, and with no more rights than they need."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from offnet import artifacts, resources

ROOT = resources.checkout() or Path()
ACTION = ROOT / "action.yml"
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
SCRIPTS = ROOT / ".github/scripts"
SOURCED = {"common.sh", "inputs.sh"}
PIN = re.compile(r"uses: [\w-]+/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def load(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


def steps(file: Path) -> Iterator[dict[str, Any]]:
    document = load(file)
    groups = (
        [job["steps"] for job in document["jobs"].values()]
        if "jobs" in document
        else [document["runs"]["steps"]]
    )
    return (step for group in groups for step in group)


@pytest.fixture(params=[ACTION, *WORKFLOWS], ids=lambda file: str(file.name))
def file(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def test_there_is_a_workflow() -> None:
    assert WORKFLOWS


@pytest.mark.lab
def test_actionlint_finds_nothing() -> None:
    command: list[str | Path] = [artifacts.tool("actionlint"), "-shellcheck=", "-pyflakes=", *WORKFLOWS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_foreign_actions_are_pinned_by_commit_with_their_version(file: Path) -> None:
    lines = [line.strip().removeprefix("- ") for line in file.read_text().splitlines() if "uses: " in line]
    assert [line for line in lines if line != "uses: ./" and not PIN.fullmatch(line)] == []


def test_one_version_of_each_action() -> None:
    found = {line for file in (ACTION, *WORKFLOWS) for line in PIN.findall(file.read_text())}
    repositories = {(line.split()[1].split("@")[0].split("/")[1], line.split("@")[1]) for line in found}
    assert len({name for name, _ in repositories}) == len(repositories)


def test_no_expression_reaches_a_shell(file: Path) -> None:
    assert [step["run"] for step in steps(file) if "${{" in step.get("run", "")] == []


def test_every_shell_step_is_a_script_or_a_target(file: Path) -> None:
    for step in steps(file):
        if "run" in step:
            command = step["run"].strip('"').removeprefix("$GITHUB_ACTION_PATH/")
            assert re.fullmatch(r"make [a-z]+|\.github/scripts/\w+\.sh", command), command


def test_every_script_is_used_and_can_be_run() -> None:
    used = {
        Path(step["run"].strip('"')).name
        for file in (ACTION, *WORKFLOWS)
        for step in steps(file)
        if "run" in step
    }
    scripts = {script.name: script for script in SCRIPTS.glob("*.sh")}
    assert {name for name in used if name.endswith(".sh")} == scripts.keys() - SOURCED
    assert all(os.access(scripts[name], os.X_OK) for name in scripts.keys() - SOURCED)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: str(file.name))
def test_workflows_may_read_and_end(workflow: Path) -> None:
    document = load(workflow)
    assert document["permissions"] == {"contents": "read"}
    assert document["concurrency"]["group"]
    for job in document["jobs"].values():
        assert "permissions" not in job
        assert 0 < job["timeout-minutes"] <= 120
        assert job["runs-on"] == "ubuntu-24.04"
    checkouts = [step for step in steps(workflow) if "actions/checkout" in step.get("uses", "")]
    assert all(step["with"] == {"persist-credentials": False} for step in checkouts)


def test_every_input_of_the_action_is_explained_and_used() -> None:
    document, text = load(ACTION), ACTION.read_text()
    for name, entry in document["inputs"].items():
        assert entry["description"]
        assert "default" in entry
        assert re.search(rf"inputs\.{name}\b", text)
    workflows = [step["with"] for file in WORKFLOWS for step in steps(file) if step.get("uses") == "./"]
    assert {name for given in workflows for name in given} <= document["inputs"].keys()


def test_artifacts_of_one_workflow_have_names_of_their_own() -> None:
    default = load(ACTION)["inputs"]["artifact"]["default"]
    for workflow in WORKFLOWS:
        proving = [
            s["with"] for s in steps(workflow) if s.get("uses") == "./" and s["with"].get("labs") != ""
        ]
        names = [given.get("artifact", default) for given in proving]
        assert len(names) == len(set(names))
