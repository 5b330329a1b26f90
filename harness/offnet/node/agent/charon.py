"""Connections to charon: one that events come over, one for questions."""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from vici import Session
from vici.exception import CommandException, DeserializationException, SessionException

from .config import Profile
from .sas import Change, Counts, Look, Sa, change, counts, live_sas

EVENTS = ("child-updown", "child-rekey")
DELETING = b"DELETING"
ANSWER_TIMEOUT = 10.0
REGISTRATION = 0.001  # seconds; the generator registers first and then waits so long for an event
GONE = (OSError, SessionException, DeserializationException, struct.error)


class Charon:
    """A running charon. Registered for events first, so that none is missed between them and ``sas``."""

    def __init__(self, path: str) -> None:
        self._questions = _connect(path)
        self._events = _connect(path)
        self._session: Any = Session(self._questions)
        self._listening: Iterator[tuple[bytes | None, Any]] = Session(self._events).listen(
            list(EVENTS), timeout=REGISTRATION
        )
        self._early = self._next()

    def fileno(self) -> int:
        """Readable when there is an event, or when charon went."""
        return self._events.fileno()

    def version(self) -> str:
        """Version of charon."""
        return str(self._session.version()["version"].decode())

    def sas(self) -> list[Sa]:
        """The CHILD_SAs that carry traffic now."""
        return [sa for message in self._session.list_sas() for sa in live_sas(message)]

    def counts(self) -> dict[int, Counts]:
        """What every CHILD_SA has carried so far, by its id."""
        return {number: seen for message in self._session.list_sas() for number, seen in counts(message)}

    def load(self, profile: Profile) -> None:
        """Give charon the key, the pools and the connection of a group; ValueError when it refuses."""
        try:
            self._session.load_shared(profile.shared)
            for pool in profile.pools.items():
                self._session.load_pool(dict([pool]))
            self._session.load_conn(profile.connections)
        except CommandException as error:
            raise ValueError(f"charon refuses: {error}") from error

    def changes(self) -> Iterator[Change]:
        """What the events say that have arrived; one of GONE is raised when charon went."""
        early, self._early = self._early, None
        if early is not None:
            yield early
        while select.select([self._events], [], [], 0)[0]:
            event = self._next()
            if event is not None:
                yield event

    def end(self, sa: Sa) -> None:
        """Ask for the end of a CHILD_SA; the event tells when it is gone."""
        # Without a callback charon answers at once; an SA that is gone already is no failure.
        with suppress(CommandException):
            for _ in self._session.terminate({"child-id": str(sa.id), "timeout": "-1"}):
                pass

    def look(self) -> Look:
        """Which connections have SAs; of an IKE_SA that is being ended nothing is left to expect."""
        carrying, known = set[str](), set[str]()
        for message in self._session.list_sas():
            carrying.update(sa.connection for sa in live_sas(message))
            known.update(name for name, ike in message.items() if ike["state"] != DELETING)
        loaded = {name.decode() for name in self._session.get_conns()["conns"]}
        return Look(frozenset(carrying), frozenset(known), frozenset(loaded))

    def ask(self, name: str) -> str:
        """Ask for the SAs of a connection, and do not wait; why charon will not, empty if it will."""
        try:
            for _ in self._session.initiate({"child": name, "ike": name, "timeout": "-1"}):
                pass
        except CommandException as error:
            return str(error)
        return ""

    def end_all(self, name: str) -> None:
        """End the IKE_SAs of a connection, those that are being negotiated as well."""
        with suppress(CommandException):
            for _ in self._session.terminate({"ike": name, "force": "yes", "timeout": "-1"}):
                pass

    def close(self) -> None:
        """Close both connections."""
        with suppress(*GONE):
            self._listening.close()  # type: ignore[attr-defined]
        self._events.close()
        self._questions.close()

    def _next(self) -> Change | None:
        event, message = next(self._listening)
        return None if event is None else change(event, message)


def _connect(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(ANSWER_TIMEOUT)
        connection.connect(path)
    except OSError:
        connection.close()
        raise
    return connection
