"""How long `offnet check` takes, kernel boot to verdict, and what its sandbox needs; phase by phase.

    python benchmarks/check.py [--runs N] [--crypto VARIANT] [LAB]

Medians of several runs in a row, after one that is not counted. The caches are warm.
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


def main() -> None:
    """Prints one table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("lab", nargs="?", default="single-ip")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--crypto", default="as-printed")
    asked = parser.parse_args()
    one_run(asked.lab, asked.crypto)
    runs = [one_run(asked.lab, asked.crypto) for _ in range(asked.runs)]
    table = Table(title=f"offnet check {asked.lab}, {asked.crypto}: seconds, {asked.runs} runs")
    for column in ("phase", "median", "least", "most"):
        table.add_column(column, justify="left" if column == "phase" else "right")
    rows = {name: [run[name] for run in runs] for name in runs[0]}
    rows["in all"] = [sum(run.values()) for run in runs]
    for name, seconds in rows.items():
        table.add_row(name, *(f"{value:.2f}" for value in (median(seconds), min(seconds), max(seconds))))
    Console().print(table)


if __name__ == "__main__":
    main()
