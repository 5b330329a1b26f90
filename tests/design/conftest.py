"""The lab of the chapter's main scenario as data to change, and as the intent and network made of it."""

from __future__ import annotations

from typing import Any

import pytest

from offnet import resources
from offnet.design import design
from offnet.intent import LabIntent, load
from offnet.intent.loader import plain_data
from offnet.network.model import Network


@pytest.fixture
def data() -> dict[str, Any]:
    """labs/single-ip/lab.yml as plain data, the test's own copy."""
    data: dict[str, Any] = plain_data(resources.labs() / "single-ip")
    return data


@pytest.fixture(scope="session")
def intent() -> LabIntent:
    return load(resources.labs() / "single-ip")


@pytest.fixture(scope="session")
def network(intent: LabIntent) -> Network:
    return design(intent)
