"""Labs checked one after the other, or several at a time."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from offnet import session
from offnet.cli.proving import Files, Wish, prove
from offnet.cli.terminal import Terminal
from offnet.report.model import exit_code
from offnet.runtime import select


def check_all(folders: Sequence[Path], wish: Wish, files: Files, jobs: int) -> int:
    """Checks every lab and returns the worst exit code. ``jobs`` of 0 is as many as there are processors."""
    wanted = {folder: files.of(folder.name) if len(folders) > 1 else files for folder in folders}
    jobs = min(jobs or len(os.sched_getaffinity(0)), len(folders))
    if jobs == 1:
        return max(exit_code(prove(folder, wish, copies)) for folder, copies in wanted.items())
    from offnet.cli import side_by_side  # noqa: PLC0415 - derives every check, which one lab does later

    terminal = Terminal()
    try:  # what is missing is built once, and seen to be
        session.supplies(select.choose(wish.host, wish.runtime), terminal)
        ordered = side_by_side.longest_first(folders, wish.crypto, faults=wish.faults)
    finally:
        terminal.done()
    return side_by_side.run(ordered, jobs, lambda folder: _command(folder, wish, wanted[folder]))


def _command(folder: Path, wish: Wish, files: Files) -> list[str]:
    """The command line that checks one lab in the same way."""
    values = {
        "-k": wish.select,
        "--crypto": wish.crypto,
        "--runtime": wish.runtime,
        "--host": wish.host,
        "--json": files.json,
        "--junit": files.junit,
        "--html": files.html,
        "--markdown": files.markdown,
    }
    switches = {"--keep": wish.keep, "--faults": wish.faults}
    return [
        *(sys.executable, "-m", "offnet", "check", str(folder)),
        *(word for name, value in values.items() if value for word in (name, str(value))),
        *(name for name, wanted in switches.items() if wanted),
    ]
