"""A small artifact with a real builder, and where it is built."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from offnet.artifacts.progress import Remembered
from offnet.artifacts.store import Recipe, Store
from offnet.artifacts.workshop import Processes, Workshop


def nothing_required() -> None:
    """The test artifact can be made anywhere."""


def write_product(workshop: Workshop) -> None:
    workshop.step("writing", 1)
    workshop.run(["sh", "-c", f"echo made; echo content >'{workshop.output}/product'"])


RECIPE = Recipe(
    kind="thing",
    title="test thing",
    inputs={"source": b"one"},
    products=("product",),
    estimate_seconds=1,
    space=1,
    scratch_space=1,
    require=nothing_required,
    build=write_product,
)


@pytest.fixture
def recipe() -> Callable[..., Recipe]:
    """Make a variant of the test recipe."""

    def variant(**changes: object) -> Recipe:
        return replace(RECIPE, **changes)  # type: ignore[arg-type]  # each test names real fields

    return variant


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


@pytest.fixture
def heard() -> Remembered:
    return Remembered()


@pytest.fixture
def processes() -> Iterator[Processes]:
    running = Processes()
    yield running
    running.cancel()


@pytest.fixture(autouse=True)
def scratch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where builds of these tests work: a folder of their own that others may pass, unlike tmp_path."""
    with tempfile.TemporaryDirectory(prefix="offnet-tests-", dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        monkeypatch.setenv("TMPDIR", name)
        yield folder
