"""The forwarding tables at a glance: which prefixes every table can forward to, at the price of one `cat`.

For waiting. `ip route` tells more, but starting it costs five times as much, and what is looked at
fifty times while a lab converges slows down what it waits for.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network

from offnet.observe.errors import ObserveError
from offnet.observe.kernel_model import LOCAL_TABLE, MAIN_TABLE
from offnet.observe.question import Question

Fib = frozenset[tuple[int, IPv4Network]]
"""Table and prefix of every unicast route."""

_NAMES = {"Main": MAIN_TABLE, "Local": LOCAL_TABLE}
_TABLE = re.compile(r"^(?:Id (\d+)|(\w+)):$")
_LEAF = re.compile(r"^ *\|-- ([0-9.]+)$")
_ROUTE = re.compile(r"^ *\/(\d+) \w+ (\w+)")


def parse(text: str) -> Fib:
    """/proc/net/fib_trie: tables, below them leaves with an address, below those their routes."""
    found = set()
    table, address = MAIN_TABLE, ""
    for line in text.splitlines():
        if head := _TABLE.match(line):
            if head[2] and head[2] not in _NAMES:
                raise ObserveError(f"fib_trie: unknown table {line!r}")
            table = int(head[1]) if head[1] else _NAMES[head[2]]
        elif leaf := _LEAF.match(line):
            address = leaf[1]
        elif (route := _ROUTE.match(line)) and route[2] == "UNICAST":
            found.add((table, IPv4Network(f"{address}/{route[1]}")))
    return frozenset(found)


FIB: Question[Fib] = Question("forwarding tables", ("cat", "/proc/net/fib_trie"), parse)
