"""What earlier probes leave behind: errors about hosts that are not there, seconds after they were sought."""

from __future__ import annotations

from offnet.experiments.bench import Bench, gather
from offnet.wait import until

DEADLINE = 10.0
"""Seconds; a host is asked for three times, a second apart (RFC 1122, 2.3.2.1; Linux: mcast_solicit)."""

INTERVAL = 0.1  # a look costs a process in the node
UNANSWERED = ("ip", "-4", "neigh", "show", "nud", "incomplete")


def await_stragglers(bench: Bench) -> None:
    """Waits until no PE asks a circuit for a host: when it gives up, an ICMP error goes through SAs."""
    pes = dict.fromkeys(
        site.pe for site in bench.network.sites if site.tunnel is None and site.overlay is None
    )
    gather(pes, lambda pe: _await(bench, pe))


def _await(bench: Bench, pe: str) -> None:
    asked = ""

    def answered() -> bool:
        nonlocal asked
        asked = bench.lab.run(pe, UNANSWERED, timeout=10).stdout.strip()
        return not asked

    until(
        answered,
        what=f"{pe} asks its circuits for no host",
        deadline=DEADLINE,
        interval=INTERVAL,
        seen=lambda: asked,
    )
