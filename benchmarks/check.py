"""How long `offnet check` takes, kernel boot to verdict, and what its sandbox needs; phase by phase.

    python benchmarks/check.py [--runs N] [--crypto VARIANT] [LAB..]

Medians of several runs in a row, after one that is not counted. The caches are warm. Several labs take
turns, so that a slow moment of the machine meets all of them, and get a line each.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

RUNS = 5
LONGEST_RUN = 600  # seconds


def one_run(lab: str, crypto: str) -> dict[str, float]:
    """Seconds by phase of one check, as it measured them itself."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder, "results.json")
        command = [sys.executable, "-m", "offnet", "check", lab, "--crypto", crypto, "--json", str(results)]
        subprocess.run(command, check=True, timeout=LONGEST_RUN, stdout=subprocess.DEVNULL)
        run = json.loads(results.read_text(encoding="utf-8"))
    return {phase["name"]: phase["seconds"] for phase in run["phases"]}


def by_phase(runs: list[dict[str, float]]) -> dict[str, list[float]]:
    """Seconds of each phase in every run, and of all together."""
    rows = {name: [run[name] for run in runs] for name in runs[0]}
    return rows | {"in all": [sum(run.values()) for run in runs]}


def table(title: str, first: str, rows: dict[str, list[float]]) -> Table:
    """One line for each name: median, least, most."""
    made = Table(title=title)
    for column in (first, "median", "least", "most"):
        made.add_column(column, justify="left" if column == first else "right")
    for name, seconds in rows.items():
        made.add_row(name, *(f"{value:.2f}" for value in (median(seconds), min(seconds), max(seconds))))
    return made


def main() -> None:
    """Prints one table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("labs", nargs="*", default=["single-ip"], metavar="LAB")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--crypto", default="as-printed")
    asked = parser.parse_args()
    one_run(asked.labs[0], asked.crypto)
    rounds = [{lab: one_run(lab, asked.crypto) for lab in asked.labs} for _ in range(asked.runs)]
    how = f"{asked.crypto}: seconds, {asked.runs} runs"
    if len(asked.labs) == 1:
        (lab,) = asked.labs
        rows = by_phase([runs[lab] for runs in rounds])
        Console().print(table(f"offnet check {lab}, {how}", "phase", rows))
    else:
        totals = {lab: [sum(runs[lab].values()) for runs in rounds] for lab in asked.labs}
        Console().print(table(f"offnet check of each lab, {how}", "lab", totals))


if __name__ == "__main__":
    main()
