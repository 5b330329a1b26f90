"""Waiting for a site's prefix to come to, or to go from, the kernels of the PEs."""

from __future__ import annotations

import time
from contextlib import suppress
from ipaddress import IPv4Network

from offnet.errors import DeadlineExpired
from offnet.observe.fib import FIB
from offnet.observe.question import ask
from offnet.runtime.base import RunningLab
from offnet.wait import Deadline, until

POLL = 0.03  # one look costs a process in the node


def present(lab: RunningLab, node: str, table: int, prefix: IPv4Network) -> bool:
    """Whether a table of a node has a usable route for exactly this prefix."""
    return (table, prefix) in ask(lab, node, FIB)


def await_presence(
    lab: RunningLab, tables: tuple[tuple[str, int], ...], prefix: IPv4Network, *, wanted: bool, seconds: float
) -> dict[str, float]:
    """Seconds until the prefix is in (or gone from) each table, by node; DeadlineExpired names the node."""
    start, limit = time.monotonic(), Deadline(seconds)
    took = {}
    for node, table in tables:
        state = "in" if wanted else "gone from"
        until(
            lambda node=node, table=table: present(lab, node, table, prefix) is wanted,  # type: ignore[misc]  # bound early
            what=f"{prefix} {state} table {table} of {node}",
            deadline=limit,
            interval=POLL,
        )
        took[node] = time.monotonic() - start
    return took


def seen_presence(
    lab: RunningLab, tables: tuple[tuple[str, int], ...], prefix: IPv4Network, *, wanted: bool, seconds: float
) -> dict[str, float]:
    """The same, but a node whose table does not get there in time is missing from the answer."""
    start, limit = time.monotonic(), Deadline(seconds)
    took = {}
    for node, table in tables:
        with suppress(DeadlineExpired):
            await_presence(lab, ((node, table),), prefix, wanted=wanted, seconds=limit.left())
            took[node] = time.monotonic() - start
    return took
