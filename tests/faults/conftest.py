"""A lab that finds a dead peer within seconds, so that faults do not take minutes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import product

import pytest

from offnet import intent, resources
from offnet.experiments.bench import Bench
from offnet.network.model import Crypto

DPD = {"delay": 1, "timeout": 4}


LABS = ("single-ip", "remote-access")


@pytest.fixture(scope="package", params=list(product(LABS, Crypto)), ids="-".join)
def lab(
    request: pytest.FixtureRequest, running_variant: Callable[..., AbstractContextManager[Bench]]
) -> Iterator[Bench]:
    """A lab of sites, and one whose victim is a telecommuter behind NAT, each with short timers."""
    name, crypto = request.param
    written = intent.load(resources.labs() / name)
    gateways = {gateway: {"dpd": DPD} for gateway in written.gateways}
    with running_variant("faults", crypto, gateways=gateways, lab=name) as bench:
        yield bench
