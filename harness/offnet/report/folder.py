"""The folder of one run: results, report and evidence, for every run, passed or not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from offnet.network.model import Network
    from offnet.report.evidence import Evidence
    from offnet.report.model import Run

RESULTS, JUNIT, PAGE, SUMMARY = "results.json", "junit.xml", "report.html", "summary.md"
EVIDENCE = "evidence"


def new_folder(parent: Path, lab: str, now: datetime | None = None) -> Path:
    """Makes the folder of a run that begins now; two that begin in the same second get one each."""
    stamp = f"{now or datetime.now(UTC):%Y%m%d-%H%M%S}"
    for number in range(1000):
        folder = parent / (f"{stamp}-{lab}" + (f"-{number + 1}" if number else ""))
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder
    raise FileExistsError(f"{parent} has a thousand runs of {lab} of one second")


def write(folder: Path, run: Run, network: Network, evidence: Evidence) -> None:
    """Writes the results for programs, page and summary for people. The evidence is there already."""
    from offnet.report import html, markdown  # noqa: PLC0415 - a run's folder is made long before it is filled
    from offnet.report.model import to_json  # noqa: PLC0415 - as above

    (folder / RESULTS).write_text(to_json(run), encoding="utf-8")
    (folder / SUMMARY).write_text(markdown.render(run), encoding="utf-8")
    (folder / PAGE).write_text(html.render(run, network, evidence), encoding="utf-8")
