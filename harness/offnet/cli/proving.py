"""One lab proved from the command line: pytest runs the checks, we show and keep what they say."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from offnet import intent, resources, session
from offnet.cli.terminal import Terminal
from offnet.errors import UsageError
from offnet.network.model import Crypto
from offnet.report import evidence, folder
from offnet.report.from_pytest import ResultCollector
from offnet.report.model import Outcome, Phase, Run
from offnet.runtime import labs

PLUGIN = "offnet.pytest_plugin"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked for."""

    select: str = ""
    crypto: Crypto | None = None
    runtime: str | None = None
    host: str | None = None
    keep: bool = False
    faults: bool = False


@dataclass(frozen=True, slots=True)
class Files:
    """Where the user wants copies of the reports."""

    json: Path | None = None
    junit: Path | None = None
    html: Path | None = None
    markdown: Path | None = None

    def of(self, lab: str) -> Files:
        """The same with the lab's name before each ending, for runs of several labs."""
        paths = (self.json, self.junit, self.html, self.markdown)
        return Files(*(p and p.with_name(f"{p.stem}-{lab}{p.suffix}") for p in paths))

    def copies(self) -> Iterator[tuple[str, Path]]:
        """The names in the run's folder, and where each is to be copied."""
        pairs = (
            (folder.RESULTS, self.json),
            (folder.JUNIT, self.junit),
            (folder.PAGE, self.html),
            (folder.SUMMARY, self.markdown),
        )
        return ((name, path) for name, path in pairs if path is not None)


def prove(lab: Path, wish: Wish, files: Files) -> Outcome:
    """Brings a lab up unless it runs, proves it, writes its reports, and takes it down unless kept."""
    for _, path in files.copies():
        _writable(path)
    started = datetime.now(UTC).isoformat(timespec="seconds")
    terminal = Terminal()
    with _session(lab, wish, terminal) as proved:
        place = proved.folder
        terminal.headline(proved.network)
        terminal.note(f"{proved.running.runtime} on {proved.running.host.name}: {proved.host_reason}")
        phases = list(proved.phases)
        collector = ResultCollector(terminal.checks, terminal.check_begun, terminal.check_ended)
        with _timed("prove", phases):
            _pytest(lab, wish, proved, collector, place)
        with _timed("evidence", phases):
            terminal.step("collecting evidence")
            found = evidence.collect(proved.running, proved.network, place / folder.EVIDENCE)
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
        folder.write(place, run, proved.network, found)
    for name, path in files.copies():
        shutil.copyfile(place / name, path)
    terminal.summary(run, f"evidence: {place}")
    return run.verdict


@contextmanager
def _session(lab: Path, wish: Wish, terminal: Terminal) -> Iterator[session.Session]:
    """The lab's session; nothing is left of the lab afterwards unless it ran before or is to be kept."""
    keep = wish.keep and not labs.running(intent.load(lab).name)
    lifetime: session.Lifetime = "up" if keep else "check"
    try:
        proved = session.bring_up(
            lab,
            wish.crypto,
            runtime=wish.runtime,
            host=wish.host,
            lifetime=lifetime,
            progress=terminal,
        )
        try:
            yield proved
        finally:
            terminal.done()
            proved.close()
    finally:
        terminal.done()


@contextmanager
def _timed(name: str, phases: list[Phase]) -> Iterator[None]:
    begun = time.monotonic()
    yield
    phases.append(Phase(name, time.monotonic() - begun))


def _pytest(lab: Path, wish: Wish, proved: session.Session, collector: ResultCollector, place: Path) -> None:
    """Runs the lab's checks in this process; no setting or plugin of the user's takes part."""
    arguments = [
        *_collected(lab),
        *("--rootdir", str(lab), "-c", os.devnull),
        *("--disable-plugin-autoload", "-p", PLUGIN, "-p", "no:terminal", "-p", "no:cacheprovider"),
        *("--import-mode=importlib", f"--junitxml={place / folder.JUNIT}"),
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


def _writable(path: Path) -> None:
    """Told before minutes of work, not after them."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("ab").close()
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
