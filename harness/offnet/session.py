"""A lab for a while: rendered, started where it can run, converged, and taken down again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from offnet import artifacts, intent, resources
from offnet.artifacts import noderoot, uml
from offnet.artifacts.progress import Progress, Silent
from offnet.design import design
from offnet.errors import UsageError
from offnet.intent.models import LabIntent
from offnet.network.model import Crypto, Network
from offnet.render import render
from offnet.render.clab import crypto_of
from offnet.render.tree import write
from offnet.report import folder as folders
from offnet.report.model import Phase
from offnet.runtime import clab, drivers, hosting, labs, select
from offnet.runtime.base import RunningLab
from offnet.runtime.hosting import Supplies

Lifetime = Literal["check", "up"]
TOPOLOGY = "topology"
CONVERGENCE = "offnet.experiments.convergence"
"""What looks into a running lab is imported while its nodes start, which takes no time of ours."""


@dataclass(slots=True)
class Session:
    """A running lab and what is known of it. ``close`` takes down what ``bring_up`` started for a check."""

    network: Network
    running: RunningLab
    host_reason: str
    folder: Path
    phases: list[Phase] = field(default_factory=list)
    _started: labs.Session | None = None

    def close(self) -> None:
        """Lets go of the lab: it ends if it was started for this session alone. May be called twice."""
        if self._started is not None:
            self._started.close()
        else:
            self.running.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Provided:
    """A pytest plugin that hands a session to the checks, so that they start no lab of their own."""

    def __init__(self, session: Session) -> None:
        self.session = session


def bring_up(
    lab: Path,
    crypto: Crypto | None = None,
    *,
    runtime: str | None = None,
    host: str | None = None,
    lifetime: Lifetime = "check",
    progress: Progress | None = None,
    needed_next: Sequence[str] = (),
) -> Session:
    """The lab of a folder, running and converged.

    A lab that runs already is taken as it is for a check. Otherwise everything is started, and ends
    with the session unless ``lifetime`` is ``up``; whatever goes wrong, nothing is left.
    ``needed_next`` names the modules that the caller goes on with: they are imported while nodes start.
    """
    written = intent.load(lab)
    if lifetime == "check" and labs.running(written.name):
        return _attach(written, crypto)
    phases: list[Phase] = []
    with ThreadPoolExecutor(1) as beside, _phase("render", phases):
        choosing = beside.submit(select.choose, host, runtime)  # asks the kernel, by processes
        network = design(written, crypto)
        files = render(network)
        choice = choosing.result()
    return _start(
        network,
        files=files,
        choice=choice,
        lifetime=lifetime,
        progress=progress or Silent(),
        phases=phases,
        needed_next=needed_next,
    )


def supplies(choice: select.Choice, progress: Progress) -> Supplies:
    """The artifacts that the host is made of, built when missing."""
    sandbox = choice.host == hosting.SANDBOX
    if choice.runtime == drivers.CONTAINERLAB:
        if not sandbox:
            return Supplies()  # its Docker has the image
        server = artifacts.lab_server(progress)
        return Supplies(server.root, server.kernel, server.docker)
    made = artifacts.ensure(artifacts.NODE_IMAGE, *[artifacts.KERNEL] * sandbox, progress=progress)
    kernel = made[artifacts.KERNEL] / uml.BINARY if sandbox else None
    return Supplies(made[artifacts.NODE_IMAGE] / noderoot.IMAGE, kernel)


def network_of_running(written: LabIntent) -> Network:
    """The network of a lab in the variant in which it runs; in its default one if it does not run."""
    return design(written, _running_variant(written.name))


def _running_variant(name: str) -> Crypto | None:
    record = next((listed.record for listed in labs.ps() if listed.record.lab == name), None)
    return crypto_of(clab.find(Path(record.topology)).read_text(encoding="utf-8")) if record else None


def _attach(written: LabIntent, crypto: Crypto | None) -> Session:
    network = network_of_running(written)
    if crypto not in (None, network.crypto):
        raise UsageError(
            f"{network.name} runs as {network.crypto}; take it down first, or leave --crypto {crypto} out"
        )
    place = folders.new_folder(resources.runs_dir(), network.name)
    return Session(network, labs.attach(network.name), "it was running already", place)


def _start(
    network: Network,
    *,
    files: Mapping[str, str],
    choice: select.Choice,
    lifetime: Lifetime,
    progress: Progress,
    phases: list[Phase],
    needed_next: Sequence[str],
) -> Session:
    with _phase("artifacts", phases):
        made = supplies(choice, progress)
    place = folders.new_folder(resources.runs_dir(), network.name)
    write(files, place / TOPOLOGY)
    progress.step(f"starting {len(network.nodes)} nodes of {network.name} on {choice.host}", 0)
    started = labs.start(
        place / TOPOLOGY,
        choice.host,
        runtime=choice.runtime,
        supplies=made,
        report=progress.tick,
        needed_next=(CONVERGENCE, *needed_next),
    )
    try:
        phases += [Phase(name, seconds) for name, seconds in started.timings.items()]
        progress.step("waiting for routes of all sites on all PEs", 0)
        with _phase("converge", phases):
            _converge(network, started.lab)
        if lifetime == "up":
            started.keep()
    except BaseException:
        started.close()
        raise
    return Session(network, started.lab, choice.reason, place, phases, started)


def _converge(network: Network, running: RunningLab) -> None:
    from offnet.experiments.convergence import converge  # noqa: PLC0415 - imported while the nodes started

    converge(network, running)


@contextmanager
def _phase(name: str, phases: list[Phase]) -> Iterator[None]:
    begun = time.monotonic()
    yield
    phases.append(Phase(name, time.monotonic() - begun))
