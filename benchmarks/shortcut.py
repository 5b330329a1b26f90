"""How long two spokes of a DMVPN send by the hub until they do so directly, and what they lose meanwhile.

    python benchmarks/shortcut.py [--runs N] [--crypto VARIANT] [LAB]

One running lab; its spokes forget each other, and one of them pings another one, N times.
"""

from __future__ import annotations

import argparse
import re
from contextlib import closing
from dataclasses import dataclass
from statistics import median

from rich.console import Console
from rich.table import Table

from offnet import resources
from offnet.experiments.bench import Bench
from offnet.experiments.convergence import converge
from offnet.experiments.shortcuts import INITIAL_TTL, forget, with_shortcuts
from offnet.network.model import Cloud, Crypto
from offnet.session import bring_up

RUNS = 10
PROBES, INTERVAL = 150, 0.02
REPLY = re.compile(r"^\[(\d+\.\d+)\] .*icmp_seq=(\d+) ttl=(\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Found:
    """Milliseconds from the first probe to the first reply that came directly, and probes lost in all."""

    took: float
    lost: int


def find(bench: Bench, cloud: Cloud) -> Found:
    """One spoke pings another one that it does not know."""
    one, other = (bench.network.site(name) for name in cloud.spokes[:2])
    forget(bench, cloud)
    converge(bench.network, bench.lab)
    argv = ["ping", "-D", "-i", str(INTERVAL), "-c", str(PROBES), "-I", str(one.host), str(other.host)]
    seen = REPLY.findall(bench.lab.run(one.node, argv, timeout=30, check=False).stdout)
    direct = [(float(stamp), int(number)) for stamp, number, ttl in seen if int(ttl) == INITIAL_TTL]
    stamp, _ = direct[0]
    first = min(float(stamp) - (int(number) - 1) * INTERVAL for stamp, number, _ in seen)
    return Found((stamp - first) * 1000, PROBES - len(seen))


def main() -> None:
    """Prints one table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("lab", nargs="?", default="dmvpn")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--crypto", type=Crypto, choices=list(Crypto), default=None)
    asked = parser.parse_args()
    with bring_up(resources.labs() / asked.lab, asked.crypto) as session:
        with closing(Bench(session.network, session.running)) as bench:
            cloud = next(one for one in with_shortcuts(bench.network) if len(one.spokes) > 1)
            runs = [find(bench, cloud) for _ in range(asked.runs)]
        variant = session.network.crypto
    table = Table(title=f"{asked.lab} {variant}: first probe to first direct reply, {asked.runs} runs")
    for column in ("what", "median", "least", "most"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for what, values in (("ms", [run.took for run in runs]), ("lost", [float(run.lost) for run in runs])):
        table.add_row(what, *(f"{value:.0f}" for value in (median(values), min(values), max(values))))
    Console().print(table)


if __name__ == "__main__":
    main()
