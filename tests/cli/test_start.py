"""What a command imports before it has something to wait for."""

from __future__ import annotations

import subprocess
import sys

import pytest

LATER = {"pytest", "offnet.checks", "offnet.experiments", "offnet.pytest_plugin", "offnet.report.html"}


@pytest.mark.parametrize(
    ("command", "spared"),
    [
        ("offnet.cli.app", LATER | {"pydantic", "jinja2", "yaml", "rich", "offnet.network.model"}),
        ("offnet.cli.several", LATER),
    ],
    ids=["the help", "a check until its nodes start"],
)
def test_what_is_needed_later_is_imported_later(command: str, spared: set[str]) -> None:
    asked = f"import {command}, sys; print(*set({sorted(spared)!r}) & sys.modules.keys())"
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == []
