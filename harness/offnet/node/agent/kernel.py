"""Routes in the kernel of this network namespace, set many at a time."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from itertools import count

from .decision import Route
from .ledger import Changes
from .netlink import (
    ADD,
    CHANGE,
    REMOVE,
    LinkEntry,
    Reply,
    RouteEntry,
    link_entry,
    links_request,
    replies,
    route_entry,
    route_message,
    routes_request,
)

BATCH = 200
TIMEOUT = 5.0
BUFFER = 1 << 20
SOL_NETLINK, STRICT_CHECK = 270, 12
GONE = {errno.ESRCH, errno.ENODEV}
Step = tuple[tuple[int, int], Route]


class KernelError(Exception):
    """The kernel does not answer as it must."""


class Kernel:
    """The agent's routes: those with its protocol number, whichever table they are in."""

    def __init__(self, protocol: int) -> None:
        self.protocol = protocol
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self._socket.settimeout(TIMEOUT)
        self._socket.setsockopt(SOL_NETLINK, STRICT_CHECK, 1)  # lets the kernel filter by protocol
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        self._socket.bind((0, 0))
        self._sequences = count(1)
        self._links: dict[str, LinkEntry] = {}

    def if_ids(self) -> dict[str, int]:
        """The if_id of every XFRM interface, read anew."""
        bodies = self._dump(links_request(next(self._sequences)))
        self._links = {link.name: link for link in map(link_entry, bodies)}
        return {link.name: link.if_id for link in self._links.values() if link.if_id is not None}

    def routes(self) -> frozenset[Route]:
        """The agent's routes that are in the kernel now."""
        names = {link.index: link.name for link in self._links.values()}
        entries = map(route_entry, self._dump(routes_request(self.protocol, next(self._sequences))))
        return frozenset(
            Route(entry.table, entry.prefix, names.get(entry.index, str(entry.index)))
            for entry in entries
            if entry and entry.protocol == self.protocol
        )

    def apply(self, changes: Changes) -> list[str]:
        """Carry changes out; returns what the kernel refused, in words.

        A route that someone else has set is left alone: adding fails, and that is reported. To
        remove what is gone already is no failure.
        """
        steps = [(REMOVE, route) for route in changes.remove]
        steps += [(CHANGE, route) for route in changes.replace]
        steps += [(ADD, route) for route in changes.add]
        possible = [step for step in steps if step[1].interface in self._links]
        refused = [
            f"{route.prefix}: there is no interface {route.interface}"
            for operation, route in steps
            if route.interface not in self._links and operation != REMOVE
        ]
        for start in range(0, len(possible), BATCH):
            refused += self._send(possible[start : start + BATCH])
        return refused

    def close(self) -> None:
        """Close the socket; routes stay."""
        self._socket.close()

    def _send(self, steps: list[Step]) -> list[str]:
        requests = {next(self._sequences): step for step in steps}
        last = max(requests)  # they are carried out in order: one acknowledgement serves all
        self._socket.send(
            b"".join(
                route_message(operation, self._entry(route), number, ack=number == last)
                for number, (operation, route) in requests.items()
            )
        )
        refused: list[str] = []
        for reply in self._replies(last):
            operation, route = requests[reply.sequence]
            if reply.error and not (operation == REMOVE and reply.error in GONE):
                refused.append(f"{route.prefix} by {route.interface}: {os.strerror(reply.error)}")
        return refused

    def _entry(self, route: Route) -> RouteEntry:
        return RouteEntry(route.table, route.prefix, self._links[route.interface].index, self.protocol)

    def _dump(self, request: bytes) -> Iterator[bytes]:
        self._socket.send(request)
        for reply in self._replies():
            if reply.error:
                raise KernelError(os.strerror(reply.error))
            if not reply.last:
                yield reply.body

    def _replies(self, last: int | None = None) -> Iterator[Reply]:
        """What the kernel answers, to the end of a dump or to the answer to the last request."""
        while True:
            try:
                data = self._socket.recv(BUFFER)
            except OSError as error:
                raise KernelError(f"netlink: {error}") from error
            for reply in replies(data):
                yield reply
                if reply.last and last in {None, reply.sequence}:
                    return
