"""A lab that finds a dead peer within seconds, so that faults do not take minutes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from offnet import intent, resources
from offnet.experiments.bench import Bench
from offnet.network.model import Crypto

DPD = {"delay": 1, "timeout": 4}


@pytest.fixture(scope="package", params=list(Crypto), ids=str)
def lab(
    request: pytest.FixtureRequest, running_variant: Callable[..., AbstractContextManager[Bench]]
) -> Iterator[Bench]:
    """The single-ip lab with short timers, once a variant."""
    written = intent.load(resources.labs() / "single-ip")
    gateways = {name: {"dpd": DPD} for name in written.gateways}
    with running_variant("faults", request.param, gateways=gateways) as bench:
        yield bench
