"""How long a lab takes from nothing to green under each runtime, beside plain `containerlab deploy`.

    python benchmarks/runtimes.py [--runs N] [LAB]

Everything in the sandbox: the same kernel, one processor. Each round runs all three, one after the
other, so that a slow moment of the machine meets all of them; medians of the rounds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from offnet import artifacts, intent, resources
from offnet.design import design
from offnet.host.base import Host
from offnet.host.sandbox import Sandbox
from offnet.render import render

RUNS = 3
LONGEST_RUN = 600  # seconds
LIMIT = 1.3
UP = ("deploy", "ready", "converge")
NETNS, OURS, PLAIN = "netns", "containerlab by offnet", "plain containerlab deploy"


def check(lab: str, runtime: str) -> dict[str, float]:
    """Seconds by phase of one check, as it measured them itself."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder, "results.json")
        command = [sys.executable, "-m", "offnet", "check", lab, "--json", str(results)]
        command += ["--host", "sandbox", "--runtime", runtime]
        subprocess.run(command, check=True, timeout=LONGEST_RUN, stdout=subprocess.DEVNULL)
        run = json.loads(results.read_text(encoding="utf-8"))
    return {phase["name"]: phase["seconds"] for phase in run["phases"]}


def plain_deploy(lab: str) -> float:
    """Seconds of `containerlab deploy` of the committed topology, and of nothing else."""
    server = artifacts.lab_server()
    with tempfile.TemporaryDirectory() as folder:
        sandbox = Sandbox.start(Path(folder), image=server.root, kernel=server.kernel, docker=server.docker)
        try:
            return _deployed(sandbox.host, lab)
        finally:
            sandbox.stop()


def _deployed(host: Host, lab: str) -> float:
    network = design(intent.load(resources.labs() / lab))
    host.put({path: text.encode() for path, text in render(network).items()}, "/root/lab")
    quiet = "TERM=dumb CLAB_VERSION_CHECK=disable containerlab deploy </dev/null >/dev/null 2>&1"
    begun = time.monotonic()
    host.run(("sh", "-c", f"cd /root/lab && {quiet}"), timeout=LONGEST_RUN)
    return time.monotonic() - begun


def main() -> None:
    """Prints one table, and how much longer our containerlab takes than the plain one and convergence."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("lab", nargs="?", default="single-ip")
    parser.add_argument("--runs", type=int, default=RUNS)
    asked = parser.parse_args()
    green: dict[str, list[float]] = {NETNS: [], OURS: [], PLAIN: []}
    ratios = []
    for _ in range(asked.runs):
        embedded, ours = check(asked.lab, "netns"), check(asked.lab, "containerlab")
        plain = plain_deploy(asked.lab)
        green[NETNS].append(sum(embedded.values()))
        green[OURS].append(sum(ours.values()))
        green[PLAIN].append(plain)
        ratios.append(sum(ours[phase] for phase in UP) / (plain + ours["converge"]))
    table = Table(title=f"{asked.lab} in the sandbox: seconds to green, {asked.runs} rounds")
    for column in ("way", "median", "least", "most", "to netns"):
        table.add_column(column, justify="left" if column == "way" else "right")
    for name, values in green.items():
        row = (median(values), min(values), max(values), median(values) / median(green[NETNS]))
        table.add_row(f"{name}, alone" if name == PLAIN else name, *(f"{value:.2f}" for value in row))
    Console().print(table)
    ratio = f"{median(ratios):.2f} times plain deploy and convergence (at most {LIMIT})"
    Console().print(f"up and converged by offnet: {ratio}")


if __name__ == "__main__":
    main()
