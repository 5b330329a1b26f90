"""Sessions of sites, as accounting tells of them (RFC 2866). Pure.

A session lasts from a peer's first CHILD_SA to the end of its last one; a rekeying is within it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from .sas import Change, Counts, Sa

START, STOP, INTERIM = 1, 2, 3  # Acct-Status-Type


@dataclass(frozen=True)
class Record:
    """What one Accounting-Request says; ``seconds`` is how long the session has lasted."""

    status: int
    session: str
    connection: str
    identity: str
    vrf: str
    seconds: int = 0
    counts: Counts = field(default_factory=Counts)


class _Session:
    """One peer: what its SAs have carried, those that are gone included."""

    def __init__(self, name: str, first: Sa, vrf: str, begun: float) -> None:
        self.first, self.live = first, {first.id: first}
        self._name, self._vrf, self._begun = name, vrf, begun
        self._carried: dict[int, Counts] = {}
        self._missed = Counts()

    def saw(self, number: int, counts: Counts) -> None:
        """What an SA has carried so far."""
        self._carried[number] = counts

    def knows(self, number: int) -> bool:
        """Whether an SA is, or was, one of the session's."""
        return number in self.live or number in self._carried

    def begin_here(self) -> None:
        """What its SAs have carried until now belongs to no session: its beginning was missed."""
        self._missed = self._total()

    def record(self, status: int, at: float) -> Record:
        """What is to be told of it now."""
        sa = self.first
        lasted = int(at - self._begun)
        counts = Counts() if status == START else self._total().less(self._missed)
        return Record(status, self._name, sa.connection, sa.identity, self._vrf, lasted, counts)

    def _total(self) -> Counts:
        return Counts.total(self._carried.values())


class Sessions:
    """Open sessions of the connections in ``sites``, each with its VRF; ``prefix`` begins their names."""

    def __init__(self, sites: Mapping[str, str], prefix: str) -> None:
        self._sites = sites
        self._prefix = prefix
        self._made = 0
        self._open: dict[tuple[str, str], _Session] = {}

    def settle(self, sas: Iterable[Sa], at: float) -> Iterator[Record]:
        """Charon is another one, or was not heard for a while: all that was open has ended."""
        ended, self._open = list(self._open.values()), {}
        yield from (session.record(STOP, at) for session in ended)
        yield from self.follow(Change(came=tuple(sas)), at)
        for session in self._open.values():
            session.begin_here()

    def follow(self, change: Change, at: float) -> Iterator[Record]:
        """Sessions that begin or end as SAs come and go."""
        for sa in (*change.came, *change.gone):
            if sa.connection not in self._sites:
                continue
            session = self._open.get(_peer(sa))
            if session is None and sa in change.came:
                yield self._begin(sa, at).record(START, at)
            elif session is not None and sa in change.came:
                session.live[sa.id] = sa
                session.saw(sa.id, sa.counts)
            elif session is not None:
                session.live.pop(sa.id, None)
                session.saw(sa.id, sa.counts)
                if not session.live:
                    yield self._open.pop(_peer(sa)).record(STOP, at)

    def read(self, counts: Mapping[int, Counts], at: float) -> Iterator[Record]:
        """What every session has carried, by the counters of all SAs."""
        for session in self._open.values():
            for number, seen in counts.items():
                if session.knows(number):
                    session.saw(number, seen)
            yield session.record(INTERIM, at)

    def _begin(self, sa: Sa, at: float) -> _Session:
        self._made += 1
        session = _Session(f"{self._prefix}-{self._made}", sa, self._sites[sa.connection], at)
        session.saw(sa.id, sa.counts)
        self._open[_peer(sa)] = session
        return session


def _peer(sa: Sa) -> tuple[str, str]:
    return sa.connection, sa.identity
