"""What the next hop server of every cloud knows."""

from __future__ import annotations

from offnet.experiments.bench import Bench, gather
from offnet.observe import nhrp
from offnet.observe.nhrp import NhrpEntry
from offnet.observe.question import ask

REGISTERED = "dynamic"


def registrations(bench: Bench) -> dict[str, tuple[NhrpEntry, ...]]:
    """The entries of every hub that spokes made, by cloud."""
    return gather([cloud.name for cloud in bench.network.clouds], lambda name: registered(bench, name))


def registered(bench: Bench, cloud: str) -> tuple[NhrpEntry, ...]:
    """Those of one cloud."""
    hub = bench.network.cloud(cloud).hub
    return tuple(entry for entry in ask(bench.lab, hub, nhrp.cache(cloud)) if entry.kind == REGISTERED)
