"""Waiting for a site's prefix to come to, or to go from, the kernels of the PEs."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv4Network

from offnet.errors import DeadlineExpired
from offnet.observe.fib import FIB
from offnet.observe.question import ask
from offnet.runtime.base import RunningLab
from offnet.wait import Deadline

POLL = 0.03  # for states that nobody announces, and that take their time: a look costs CPU
GLANCE = 0.01  # for those that come within a round trip or two
MONITOR = ("ip", "-4", "-o", "monitor", "route")
RELOOK = 0.5  # in case that the news came before the monitor listened


def present(lab: RunningLab, node: str, table: int, prefix: IPv4Network) -> bool:
    """Whether a table of a node has a usable route for exactly this prefix."""
    return (table, prefix) in ask(lab, node, FIB)


def follow(
    lab: RunningLab,
    node: str,
    look: Callable[[], bool],
    *,
    concerns: str,
    limit: Deadline,
    what: str,
    seen: Callable[[], object],
) -> None:
    """Looks at the routes of a node until they are as wanted, again whenever news hold ``concerns``.

    A look costs a process of the node, and the one CPU of a sandbox is what routes wait for: so the
    kernel's own news decide when to look. DeadlineExpired tells ``what`` did not come and what is seen.
    """
    news, pause = lab.feed(node, MONITOR), RELOOK
    while True:
        known = news.count
        if look():
            return
        if limit.expired():
            raise limit.error(what, seen())
        heard = news.wait(known, lambda line: concerns in line, min(pause, limit.left()))
        pause = POLL if heard else RELOOK  # the kernel tells that a route goes just before it goes


def await_route(
    lab: RunningLab,
    place: tuple[str, int],
    prefix: IPv4Network,
    *,
    wanted: bool,
    limit: Deadline,
    seen: Callable[[], object] | None = None,
) -> None:
    """Waits for a prefix to be in (or gone from) a table of a node; DeadlineExpired tells ``seen``."""
    node, table = place
    follow(
        lab,
        node,
        lambda: present(lab, node, table, prefix) is wanted,
        concerns=f"{prefix} ",
        limit=limit,
        what=f"{prefix} {'in' if wanted else 'gone from'} table {table} of {node}",
        seen=seen or (lambda: not wanted),
    )


def await_presence(
    lab: RunningLab, tables: tuple[tuple[str, int], ...], prefix: IPv4Network, *, wanted: bool, seconds: float
) -> dict[str, float]:
    """Seconds until the prefix is in (or gone from) each table, by node; DeadlineExpired names the node."""
    start, limit = time.monotonic(), Deadline(seconds)
    took = {}
    for node, table in tables:
        await_route(lab, (node, table), prefix, wanted=wanted, limit=limit)
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
