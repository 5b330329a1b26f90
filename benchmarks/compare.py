"""How long `offnet compare` takes: labs grown, rendered and counted, the whole command.

    python benchmarks/compare.py [--runs N] [--sites RANGE] [LAB..]

Seconds of the processor, and of the clock; medians of several runs.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from statistics import median

from rich.console import Console
from rich.table import Table

RUNS = 5
LONGEST_RUN = 60  # seconds
LABS = ("single-ip", "ce-ce")


def one_run(labs: list[str], sites: str) -> tuple[float, float]:
    """Seconds of the processor and of the clock."""
    command = [sys.executable, "-m", "offnet", "compare", *labs, "--sites", sites, "--json"]
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, check=True, timeout=LONGEST_RUN, stdout=subprocess.DEVNULL)
    after, ended = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used, ended - begun


def main() -> None:
    """Prints one table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("labs", nargs="*", default=list(LABS), metavar="LAB")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--sites", default="2..64")
    asked = parser.parse_args()
    one_run(asked.labs, asked.sites)
    runs = [one_run(asked.labs, asked.sites) for _ in range(asked.runs)]
    table = Table(title=f"offnet compare {' '.join(asked.labs)} --sites {asked.sites}, {asked.runs} runs")
    for column in ("seconds of", "median", "least", "most"):
        table.add_column(column, justify="left" if column == "seconds of" else "right")
    for name, seconds in zip(("the processor", "the clock"), zip(*runs, strict=True), strict=True):
        table.add_row(name, *(f"{value:.2f}" for value in (median(seconds), min(seconds), max(seconds))))
    Console().print(table)


if __name__ == "__main__":
    main()
