"""A runner for the steps of the action: its files and folders, and harmless commands for those of root."""

from __future__ import annotations

import os
import runpy
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from offnet import resources

SCRIPTS = (resources.checkout() or Path()) / ".github/scripts"
Told = Callable[[str, str], list[str]]
STUB = '#!/bin/sh\necho "${0##*/} $*" >>"$RUNNER_TEMP/asked"\nexit ${%s:-0}\n'


@dataclass(frozen=True, slots=True)
class Runner:
    """What a step finds and leaves. Commands that change the machine only say what they were asked for."""

    home: Path

    def run(
        self, script: str, environment: Mapping[str, str], timeout: float = 60.0
    ) -> subprocess.CompletedProcess[str]:
        """Run a script as a step."""
        return subprocess.run(
            [SCRIPTS / script],
            cwd=self.home / "workspace",
            env={**os.environ, **self._files(), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def _files(self) -> Mapping[str, str]:
        return {
            "PATH": f"{self.home / 'bin'}:{os.environ['PATH']}",
            "RUNNER_TEMP": str(self.home),
            "GITHUB_OUTPUT": str(self.home / "output"),
            "GITHUB_STEP_SUMMARY": str(self.home / "summary"),
        }

    def outputs(self) -> dict[str, str]:
        """The outputs that steps have set, read as the runner does."""
        found: dict[str, str] = {}
        lines = iter((self.home / "output").read_text().splitlines())
        for line in lines:
            name, heredoc, end = line.partition("<<")
            if heredoc:
                found[name] = "\n".join(iter(lines.__next__, end))
            else:
                name, _, value = line.partition("=")
                found[name] = value
        return found

    def text(self, name: str) -> str:
        """A file that steps have written; empty where they did not."""
        file = self.home / name
        return file.read_text(encoding="utf-8") if file.exists() else ""


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A runner with an empty workspace."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "workspace").mkdir()
    for command in ("sudo", "apt-get", "modprobe", "install"):
        stub = tmp_path / "bin" / command
        stub.write_text(STUB % f"STATUS_{command.replace('-', '_')}")
        stub.chmod(0o755)
    return Runner(tmp_path)


@pytest.fixture
def told() -> Told:
    """The outputs for the cache, as ``runner.py`` tells them: the line of the key, then each path."""
    outputs: Callable[[str, str], str] = runpy.run_path(str(SCRIPTS / "runner.py"))["outputs"]

    def ask(runtime: str, host: str) -> list[str]:
        key, _, *paths, _ = outputs(runtime, host).splitlines()
        return [key, *paths]

    return ask
