"""What the sandbox is made of, for the tests that boot one."""

from __future__ import annotations

from pathlib import Path

import pytest

from offnet import artifacts


@pytest.fixture(scope="session")
def image() -> Path:
    return artifacts.node_image()


@pytest.fixture(scope="session")
def kernel() -> Path:
    return artifacts.kernel() / "linux"
