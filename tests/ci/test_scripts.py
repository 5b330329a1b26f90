"""The steps of the action, run as the runner runs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from tests.ci.conftest import Runner, Told

HOSTILE = [
    "$(touch hit)",
    "`touch hit`",
    "a;touch hit",
    "a&&touch${IFS}hit",
    "--help",
    "-k x",
    "a\tb*",
    "../*",
    "é",
]


@pytest.mark.parametrize("labs", HOSTILE)
@pytest.mark.parametrize("script", ["build.sh", "check.sh", "prepare.sh"])
def test_labs_are_names_and_never_run(script: str, labs: str, runner: Runner) -> None:
    done = runner.run(script, {"OFFNET_LABS": labs})
    assert (done.returncode, runner.text("output")) == (2, "")
    assert done.stderr.splitlines()[-1].startswith("::error title=offnet::the input labs ")
    assert list((runner.home / "workspace").iterdir()) == []


@pytest.mark.parametrize(("name", "value"), [("RUNTIME", "docker"), ("HOST", "ssh://x"), ("CRYPTO", "rot13")])
def test_other_inputs_are_one_of_a_few_words(name: str, value: str, runner: Runner) -> None:
    done = runner.run("check.sh", {"OFFNET_LABS": "single-ip", f"OFFNET_{name}": value})
    assert done.returncode == 2
    assert f"the input {name.lower()} is " in done.stderr


CACHED = [
    ("netns", "", {"node-image", "kernel"}),
    ("netns", "sandbox", {"node-image", "kernel"}),
    ("containerlab", "sandbox", {"node-image", "kernel", "tools", "server-root"}),
    ("containerlab", "local", {"node-image"}),
]


@pytest.mark.parametrize(("runtime", "host", "kinds"), CACHED[1:3])
def test_a_runner_is_made_ready_and_told_what_to_cache(
    runtime: str, host: str, kinds: set[str], runner: Runner
) -> None:
    done = runner.run("prepare.sh", {"OFFNET_LABS": "all", "OFFNET_RUNTIME": runtime, "OFFNET_HOST": host})
    assert done.returncode == 0, done.stderr
    assert "Labs run here" in done.stdout
    paths = [Path(path) for path in runner.outputs()["paths"].splitlines()]
    assert {path.parent.name for path in paths} == kinds
    assert runner.outputs()["key"].startswith("offnet-")


@pytest.mark.parametrize(("runtime", "host", "kinds"), CACHED)
def test_what_is_cached_is_what_takes_long_to_build(
    runtime: str, host: str, kinds: set[str], told: Told
) -> None:
    key, *paths = told(runtime, host)
    assert {Path(path).parent.name for path in paths} == kinds
    assert key.startswith("key=offnet-")


def test_the_key_of_the_cache_follows_what_is_cached(told: Told) -> None:
    keys = [told(*place)[0] for place in (("netns", ""), ("netns", "sandbox"), ("containerlab", "sandbox"))]
    assert keys[0] == keys[1] != keys[2]


def test_without_modules_containerlab_goes_to_the_sandbox_with_a_notice(runner: Runner) -> None:
    done = runner.run("containerlab.sh", {"STATUS_modprobe": "1", "STATUS_sudo": "1", "STATUS_apt_get": "0"})
    assert done.returncode == 0, done.stderr
    assert runner.outputs() == {"host": "sandbox"}
    assert "::notice title=containerlab in the sandbox::" in done.stdout


def test_without_a_mirror_too(runner: Runner) -> None:
    done = runner.run("containerlab.sh", {"STATUS_apt_get": "100", "STATUS_sudo": "100"})
    assert done.returncode == 0, done.stderr
    assert runner.outputs() == {"host": "sandbox"}
    assert "package lists" in done.stdout


@pytest.mark.lab
def test_labs_are_proved_and_told(runner: Runner) -> None:
    """One that passes, one that does not exist: the worst exit code, a section of the summary each."""
    assert runner.run("build.sh", {"OFFNET_LABS": "single-ip"}, timeout=1500).returncode == 0
    done = runner.run(
        "check.sh", {"OFFNET_LABS": "single-ip nowhere", "OFFNET_CRYPTO": "modern"}, timeout=300
    )
    assert done.returncode == 2, done.stdout + done.stderr
    assert "::error title=offnet::nowhere: exit code 2" in done.stdout
    results = Path(runner.outputs()["results"])
    written = json.loads((results / "modern/single-ip.json").read_text())
    assert written["verdict"] == "pass"
    suite = ET.parse(results / "modern/single-ip.xml").getroot().find("testsuite")  # noqa: S314 - our own file
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == (str(len(written["results"])), "0")
    # Tests beside this one leave runs of theirs in the same folder meanwhile.
    assert any((run / "evidence/pe2").is_dir() for run in (results / "runs").glob("*-single-ip"))
    summary = runner.text("summary")
    assert "## ✓ single-ip, modern: passed" in summary
    assert "\n\n## ! nowhere\n\nNothing was proved" in summary


def test_what_daemons_say_is_no_command_to_the_runner(runner: Runner) -> None:
    """All between two marks is unheard; whoever speaks there does not know the second one."""
    lines = runner.run("check.sh", {"OFFNET_LABS": "nowhere"}, timeout=300).stdout.splitlines()
    start = next(line for line in lines if line.startswith("::stop-commands::"))
    token = start.removeprefix("::stop-commands::")
    assert len(token) == 36
    assert lines.index(f"::{token}::") > lines.index(start)
