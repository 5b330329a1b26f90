"""Machines as the doctor saw them, or as it would: what it looked at, kept as JSON.

``debian-12-container`` was recorded. The others are composed of what Ubuntu 24.04, GitHub's runner image
and containerlab document, for no such machine was at hand.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from offnet.doctor.facts import Facts

MACHINES = Path(__file__).parent / "machines"


@pytest.fixture(scope="session")
def machine() -> Callable[[str], Facts]:
    """The facts of a machine by its name."""
    adapter = TypeAdapter(Facts)
    return lambda name: adapter.validate_json((MACHINES / f"{name}.json").read_bytes())
