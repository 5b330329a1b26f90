"""How long traffic between two PEs is lost when their tunnel carries nothing any more.

    python benchmarks/reroute.py [--runs N] [--crypto VARIANT] [LAB]

The ESP between them is dropped while two of their sites talk; OSPF inside the tunnels finds the way
through the third PE. Lost probes are counted, one each 10 ms; medians of several cuts of one lab.
"""

from __future__ import annotations

import argparse
from contextlib import closing
from statistics import median

from rich.console import Console

from offnet import resources
from offnet.experiments.bench import Bench
from offnet.experiments.reroute import reroute
from offnet.network.model import Crypto
from offnet.session import bring_up

RUNS = 5


def main() -> None:
    """Prints one line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("lab", nargs="?", default="pe-pe")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--crypto", type=Crypto, default=Crypto.AS_PRINTED)
    asked = parser.parse_args()
    with (
        bring_up(resources.labs() / asked.lab, asked.crypto) as session,
        closing(Bench(session.network, session.running)) as bench,
    ):
        seconds = [reroute(bench).seconds for _ in range(asked.runs)]
    told = ", ".join(
        f"{name} {value:.2f} s"
        for name, value in (("median", median(seconds)), ("least", min(seconds)), ("most", max(seconds)))
    )
    Console().print(
        f"a tunnel of {asked.lab} dead, until traffic takes the others: {told} ({asked.runs} cuts)"
    )


if __name__ == "__main__":
    main()
