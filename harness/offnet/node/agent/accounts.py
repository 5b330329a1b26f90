"""Tells the AAA server of the sessions of sites: charon alone accounts inner addresses, and names no VRF."""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from .config import Accounting
from .log import log
from .radius import (
    NAS_IDENTIFIER,
    USER_NAME,
    VENDOR_SPECIFIC,
    Request,
    accounting_request,
    acknowledges,
    pair,
)
from .sas import Change, Counts, Sa
from .sessions import INTERIM, START, Record, Sessions

STATUS, SESSION, PORT = 40, 44, 87  # Acct-Status-Type, Acct-Session-Id, NAS-Port-Id
INPUT_OCTETS, OUTPUT_OCTETS, SESSION_TIME, INPUT_PACKETS, OUTPUT_PACKETS = 42, 43, 46, 47, 48
INPUT_GIGAWORDS, OUTPUT_GIGAWORDS = 52, 53
RETRANSMIT = 1.0  # seconds
TRIES = 60
IDENTIFIERS = 256
LONGEST = 4096


class Counting(Protocol):
    """Who knows what every SA has carried so far, by its id: charon."""

    def counts(self) -> dict[int, Counts]:
        """What it knows now."""


@dataclass
class _Sent:
    request: Request
    record: Record
    again: float
    tries: int = 1


class Accounts:
    """Open sessions, and records of them that the server has not acknowledged yet."""

    def __init__(self, accounting: Accounting) -> None:
        self._accounting = accounting
        self._secret = accounting.secret.encode()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.connect((accounting.server, accounting.port))
        self._sessions = Sessions(accounting.sites, os.urandom(4).hex())
        self._waiting: dict[int, _Sent] = {}
        self._identifier = 0
        self._interim = time.monotonic() + accounting.interim

    def filenos(self) -> list[int]:
        """What to select for, beside time."""
        return [self._socket.fileno()]

    def pause(self) -> float:
        """Seconds until there is work even if nothing comes."""
        due = min([self._interim, *(sent.again for sent in self._waiting.values())])
        return max(0.0, due - time.monotonic())

    def settle(self, sas: Iterable[Sa]) -> None:
        """Begin anew with these SAs."""
        self._tell(self._sessions.settle(sas, time.monotonic()))

    def follow(self, change: Change) -> None:
        """Tell of sessions that begin or end."""
        self._tell(self._sessions.follow(change, time.monotonic()))

    def work(self, charon: Counting, ready: Sequence[int]) -> None:
        """Do what has become due: hear the server, tell it again, tell how far sessions are."""
        if self._socket.fileno() in ready:
            self._hear()
        now = time.monotonic()
        for identifier in [number for number, sent in self._waiting.items() if sent.again <= now]:
            self._again(identifier, now)
        if self._interim <= now:
            self._interim = now + self._accounting.interim
            self._tell(self._sessions.read(charon.counts(), now))

    def close(self) -> None:
        """Close the socket; nothing more is told."""
        self._socket.close()

    def _tell(self, records: Iterator[Record]) -> None:
        for record in records:
            self._forget_interim(record.session)  # the newer one says all
            identifier = next((n for n in self._free() if n not in self._waiting), None)
            if identifier is None:
                log(f"accounting: too much is not acknowledged, not told: {record}")
                continue
            self._identifier = identifier
            request = accounting_request(identifier, self._secret, _attributes(record, self._accounting.nas))
            self._waiting[identifier] = _Sent(request, record, time.monotonic() + RETRANSMIT)
            self._send(request)

    def _free(self) -> Iterator[int]:
        return ((self._identifier + step) % IDENTIFIERS for step in range(1, IDENTIFIERS))

    def _forget_interim(self, session: str) -> None:
        old = [
            number
            for number, sent in self._waiting.items()
            if sent.record.session == session and sent.record.status == INTERIM
        ]
        for number in old:
            del self._waiting[number]

    def _again(self, identifier: int, now: float) -> None:
        sent = self._waiting[identifier]
        if sent.tries == TRIES:
            log(f"accounting: {self._accounting.server} does not acknowledge: {sent.record}")
            del self._waiting[identifier]
            return
        sent.tries, sent.again = sent.tries + 1, now + RETRANSMIT
        self._send(sent.request)

    def _hear(self) -> None:
        with suppress(OSError):  # nothing more, or nobody there: then it is told again
            while data := self._socket.recv(LONGEST):
                sent = self._waiting.get(data[1] if len(data) > 1 else -1)
                if sent and acknowledges(data, sent.request, self._secret):
                    del self._waiting[sent.request.identifier]

    def _send(self, request: Request) -> None:
        with suppress(OSError):  # refused by a host whose server is not up yet
            self._socket.send(request.data)


def _attributes(record: Record, nas: str) -> list[tuple[int, bytes]]:
    """RFC 2866 and RFC 2869; the VRF as IOS names it."""
    texts = [
        (USER_NAME, record.identity),
        (NAS_IDENTIFIER, nas),
        (PORT, record.connection),
        (SESSION, record.session),
    ]
    found = [(STATUS, _number(record.status)), *((kind, text.encode()) for kind, text in texts)]
    found.append((VENDOR_SPECIFIC, pair(f"vrf-id={record.vrf}")))
    if record.status == START:
        return found
    counts = record.counts
    numbers = [
        (SESSION_TIME, record.seconds),
        (INPUT_OCTETS, counts.octets_in),
        (OUTPUT_OCTETS, counts.octets_out),
        (INPUT_PACKETS, counts.packets_in),
        (OUTPUT_PACKETS, counts.packets_out),
        (INPUT_GIGAWORDS, counts.octets_in >> 32),
        (OUTPUT_GIGAWORDS, counts.octets_out >> 32),
    ]
    return found + [(kind, _number(number)) for kind, number in numbers]


def _number(number: int) -> bytes:
    return struct.pack("!I", number & 0xFFFFFFFF)
