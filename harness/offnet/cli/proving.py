"""One lab proved from the command line: brought up, judged, reported, and taken down again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from offnet import intent, session
from offnet.cli.terminal import Terminal
from offnet.errors import UsageError
from offnet.network.crypto import Crypto
from offnet.report import folder
from offnet.report.model import Outcome
from offnet.runtime import labs

JUDGING = ("offnet.cli.judging", "offnet.pytest_plugin")
"""What the checks need, pytest first of all: as much to import as all that starts a lab."""


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
        from offnet.cli.judging import judge  # noqa: PLC0415 - imported while the nodes started

        terminal.headline(proved.network)
        terminal.note(f"{proved.running.runtime} on {proved.running.host.name}: {proved.host_reason}")
        run = judge(lab, wish, proved, started, terminal)
    for name, path in files.copies():
        shutil.copyfile(proved.folder / name, path)
    terminal.summary(run, f"evidence: {proved.folder}")
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
            needed_next=JUDGING,
        )
        try:
            yield proved
        finally:
            terminal.done()
            proved.close()
    finally:
        terminal.done()


def _writable(path: Path) -> None:
    """Told before minutes of work, not after them."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("ab").close()
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
