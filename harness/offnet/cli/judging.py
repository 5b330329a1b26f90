"""A running lab judged: pytest runs its checks; what they say and what the nodes show is kept."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from offnet import resources, session
from offnet.cli.proving import Wish
from offnet.cli.terminal import Terminal
from offnet.errors import UsageError
from offnet.report import evidence, folder
from offnet.report.from_pytest import ResultCollector
from offnet.report.model import Phase, Run

PLUGIN = "offnet.pytest_plugin"
# What pytest brings and no lab needs. The first of them collects garbage five times at the end.
UNUSED = (
    *("unraisableexception", "threadexception", "faulthandler", "logging", "terminal"),
    *("cacheprovider", "stepwise", "pastebin", "doctest", "legacypath"),
)


def judge(lab: Path, wish: Wish, proved: session.Session, started: str, terminal: Terminal) -> Run:
    """Runs the checks, collects the evidence of every node, and writes both into the run's folder."""
    phases = list(proved.phases)
    collector = ResultCollector(terminal.checks, terminal.check_begun, terminal.check_ended)
    with _timed("prove", phases):
        _pytest(lab, wish, proved, collector)
    with _timed("evidence", phases):
        terminal.step("collecting evidence")
        found = evidence.collect(proved.running, proved.network, proved.folder / folder.EVIDENCE)
    run = Run(
        lab=proved.network.name,
        title=proved.network.title,
        crypto=proved.network.crypto.value,
        runtime=proved.running.runtime,
        host=proved.running.host.name,
        reason=proved.host_reason,
        started=started,
        versions={"offnet": resources.version(), **evidence.versions(found)},
        phases=tuple(phases),
        results=tuple(collector.results),
    )
    folder.write(proved.folder, run, proved.network, found)
    return run


@contextmanager
def _timed(name: str, phases: list[Phase]) -> Iterator[None]:
    begun = time.monotonic()
    yield
    phases.append(Phase(name, time.monotonic() - begun))


def _pytest(lab: Path, wish: Wish, proved: session.Session, collector: ResultCollector) -> None:
    """Runs the lab's checks in this process; no setting or plugin of the user's takes part."""
    arguments = [
        *_collected(lab),
        *("--rootdir", str(lab), "-c", os.devnull),
        *("--disable-plugin-autoload", "-p", PLUGIN),
        *(word for name in UNUSED for word in ("-p", f"no:{name}")),
        *("--import-mode=importlib", f"--junitxml={proved.folder / folder.JUNIT}"),
        *(("-k", wish.select) if wish.select else ()),
        *(("--faults",) if wish.faults else ()),
    ]
    status = pytest.main(arguments, plugins=[collector, session.Provided(proved)])
    if status == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if status == pytest.ExitCode.NO_TESTS_COLLECTED and wish.select:
        raise UsageError(f"no check of {proved.network.name} matches -k {wish.select!r}")


def _collected(lab: Path) -> Sequence[str]:
    return [str(lab / "lab.yml"), *(str(path) for path in sorted(lab.glob("test_*.py")))]
