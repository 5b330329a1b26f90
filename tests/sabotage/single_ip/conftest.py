"""Every proof can fail: each test breaks the running lab, and sees the right claims fail for that reason.

One lab serves all tests, so each mends what it broke. Every look is with a fresh bench.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from offnet.checks import isolation, reach, route_targets, routes, sas
from offnet.experiments.bench import Bench
from offnet.experiments.subjects import Subject, subjects
from offnet.network.model import Crypto
from tests.sabotage.breaking import assert_mended


@pytest.fixture(scope="package")
def lab(running_variant: Callable[..., AbstractContextManager[Bench]]) -> Iterator[Bench]:
    """The lab that all tests break and mend. IKEv2 tells at once when it refuses, so that is quick."""
    with running_variant("sabotage", Crypto.MODERN) as bench:
        yield bench
        topics = (sas, routes, reach, isolation, route_targets)
        assert_mended(bench, *(topic.claims for topic in topics))


@pytest.fixture
def victim(lab: Bench) -> Subject:
    """The off-net site that is made to suffer: that of the second VPN."""
    return subjects(lab.network)[-1]
