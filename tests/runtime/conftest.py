"""A lab of two nodes without daemons."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from offnet.runtime.state import Store
from tests.two_nodes import write


@pytest.fixture
def store(tmp_path: Path) -> Store:
    root = tmp_path / "state"
    root.mkdir()
    return Store(root)


@pytest.fixture
def write_lab(tmp_path: Path) -> Callable[[str], Path]:
    return lambda name: write(tmp_path / name, name)


@pytest.fixture
def two(write_lab: Callable[[str], Path]) -> Path:
    return write_lab("two")
