"""How long sites are without traffic when their aggregator dies, and when it returns.

    python benchmarks/failover.py [--runs N] [--crypto VARIANT]

The lab redundancy, with its own timers: most of the first figure is dead peer detection.
"""

from __future__ import annotations

import argparse
from statistics import median

from rich.console import Console

from offnet import resources
from offnet.experiments.bench import Bench
from offnet.experiments.death import Death
from offnet.experiments.failover import Crossing, birth, death
from offnet.network.failover import leaders, led_by, without
from offnet.network.model import Crypto
from offnet.session import bring_up

LAB = "redundancy"
RUNS = 3


def once(bench: Bench) -> tuple[float, float]:
    """Seconds without traffic at the death of the first aggregator and at its return, of the worst site."""
    gateway = leaders(bench.network)[0]
    dead = Death(bench, gateway)
    away = death(bench, dead, without(bench.network, gateway))
    home = birth(bench, dead)
    return worst(bench, gateway, away), worst(bench, gateway, home)


def worst(bench: Bench, gateway: str, seen: Crossing) -> float:
    """The longest outage of those that had to move; who did not arrive is no figure."""
    if seen.missing:
        raise SystemExit(f"not where they should be: {', '.join(seen.missing)}")
    return max(seen.flows[site.name].outage for site in led_by(bench.network, gateway))


def main() -> None:
    """Prints one line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--crypto", type=Crypto, default=Crypto.AS_PRINTED)
    asked = parser.parse_args()
    figures = []
    for _ in range(asked.runs):
        with bring_up(resources.labs() / LAB, asked.crypto) as session:
            bench = Bench(session.network, session.running)
            try:
                figures.append(once(bench))
            finally:
                bench.close()
    away, home = (median(column) for column in zip(*figures, strict=True))
    Console().print(
        f"failover, {asked.crypto}: {away:.1f} s without traffic, return: {home:.1f} s ({asked.runs} runs)"
    )


if __name__ == "__main__":
    main()
