"""A stream of charon's events, read with deadlines."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from vici import Session
from vici.exception import EventUnknownException, SessionException

from offnet.errors import DeadlineExpired
from offnet.observe import vici_parse as parse
from offnet.observe.byte_stream import StreamSocket
from offnet.observe.errors import ObserveError
from offnet.observe.vici_model import Event, EventKind

CLOSE_TIMEOUT = 2.0


class EventStream:
    """Events of one charon, in order. Registered when made, so what follows is not missed."""

    def __init__(self, node: str, socket: StreamSocket, kinds: Iterable[EventKind]) -> None:
        self._node = node
        self._socket = socket
        self._kinds = tuple(kinds) or (EventKind.CHILD_UPDOWN,)
        self._waiting: list[Event] = []
        self._last = "nothing"
        # The package registers when its generator is first advanced; with no time to wait for
        # an event it returns at once.
        self._events = Session(socket).listen([kind.value for kind in self._kinds], timeout=0.0)
        first = self._advance(f"registration for {', '.join(self._kinds)}")
        if first is not None:
            self._waiting.append(first)

    def next(self, timeout: float) -> Event:
        """The next event; DeadlineExpired when none comes in time."""
        return self.until(lambda _event: True, timeout)

    def until(self, wanted: Callable[[Event], bool], timeout: float) -> Event:
        """The first event that is wanted, dropping others; DeadlineExpired tells the last one dropped."""
        self._socket.allow(timeout)
        while True:
            event = self._waiting.pop(0) if self._waiting else self._await(timeout)
            if wanted(event):
                return event
            self._last = _short(event)

    def close(self) -> None:
        """Unregister while the socket is still open; a daemon that is gone needs no goodbye."""
        self._socket.allow(CLOSE_TIMEOUT)
        with suppress(OSError, SessionException):
            self._events.close()

    def _await(self, timeout: float) -> Event:
        while True:
            if not self._socket.readable(self._socket.left):
                raise DeadlineExpired(
                    f"{self._node}: no {' or '.join(self._kinds)} event as wanted within {timeout:g} s; "
                    f"last seen: {self._last}"
                )
            event = self._advance("event")
            if event is not None:
                return event

    def _advance(self, name: str) -> Event | None:
        try:
            kind, message = next(self._events)
        except (OSError, SessionException, EventUnknownException, StopIteration) as error:
            raise ObserveError(f"{self._node}: vici {name}: {error}") from error
        return None if kind is None else parse.event(_kind(kind), message)


def _kind(name: Any) -> EventKind:
    return EventKind(name.decode() if isinstance(name, bytes) else name)


def _short(event: Event) -> str:
    names = ", ".join(f"{sa.name}#{sa.unique_id}" for sa in event.sas + event.new)
    return f"{event.kind} {'up' if event.up else ''} {names}{event.message}".replace("  ", " ")
