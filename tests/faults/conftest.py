"""Labs that find a dead peer, and register anew, within seconds, so that faults do not take minutes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass

import pytest

from offnet import intent, resources
from offnet.checks import faults
from offnet.design import design
from offnet.experiments.bench import Bench
from offnet.network.model import Crypto

DELAY, TIMEOUT = 1, 4  # of dead peer detection, in seconds
HOLDTIME = 30  # of registrations by NHRP, in seconds
Running = Callable[..., AbstractContextManager[Bench]]


@dataclass(frozen=True)
class Case:
    """A lab in one of its variants."""

    lab: str
    crypto: Crypto

    def __str__(self) -> str:
        return f"{self.lab}-{self.crypto}"

    def names(self) -> list[str]:
        """What it owes after faults."""
        network = design(intent.load(resources.labs() / self.lab), self.crypto)
        return [claim.name for claim in faults.claims(network)]


class Labs:
    """The lab of one case at a time: it ends when another one is asked for."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._case: Case | None = None
        self._lab = ExitStack()
        self._bench: Bench | None = None

    def of(self, case: Case) -> Bench:
        """The lab of a case, running."""
        if self._bench is None or case != self._case:
            self.close()
            self._bench = self._lab.enter_context(self._started(case))
            self._case = case
        return self._bench

    def close(self) -> None:
        """Ends the lab that runs."""
        self._bench = None
        self._lab.close()

    def _started(self, case: Case) -> AbstractContextManager[Bench]:
        written = intent.load(resources.labs() / case.lab)
        gateways, overlays = (
            {name: {"dpd": {"delay": DELAY, "timeout": TIMEOUT}} for name in section}
            for section in (written.gateways, written.overlays)
        )
        clouds = {name: {"holdtime": HOLDTIME} for name in written.clouds}
        name = f"faults-{case.lab}"
        return self._running(
            name, case.crypto, lab=case.lab, gateways=gateways, overlays=overlays, clouds=clouds
        )


@pytest.fixture(scope="module")
def labs(running_variant: Running) -> Iterator[Labs]:
    found = Labs(running_variant)
    yield found
    found.close()


@pytest.fixture
def lab(request: pytest.FixtureRequest, labs: Labs) -> Bench:
    """The lab of the test's case."""
    return labs.of(request.param)
