"""What charon says about CHILD_SAs, reduced to what routes depend on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# Also while it is being rekeyed an SA carries traffic; once REKEYED it does not.
LIVE = frozenset({b"INSTALLED", b"UPDATING", b"REKEYING"})


@dataclass(frozen=True)
class Counts:
    """What an SA has carried of inner packets, in from the peer and out to it, as the SADB counts it."""

    octets_in: int = 0
    octets_out: int = 0
    packets_in: int = 0
    packets_out: int = 0

    def less(self, other: Counts) -> Counts:
        """What was carried after the other count."""
        return Counts(
            self.octets_in - other.octets_in,
            self.octets_out - other.octets_out,
            self.packets_in - other.packets_in,
            self.packets_out - other.packets_out,
        )

    @staticmethod
    def total(counts: Iterable[Counts]) -> Counts:
        """What several SAs have carried together."""
        each = [(one.octets_in, one.octets_out, one.packets_in, one.packets_out) for one in counts]
        return Counts(*(sum(column) for column in zip(*each, strict=True)))


@dataclass(frozen=True)
class Sa:
    """A CHILD_SA: ``id`` is unique within one life of charon, and survives a rekeying of the IKE_SA.

    ``identity`` is the peer's, as charon shows it; ``counts`` are of the moment that charon told of it.
    """

    id: int
    connection: str
    if_id: int
    remote_ts: tuple[str, ...]
    identity: str = ""
    counts: Counts = field(default_factory=Counts, compare=False)

    def __str__(self) -> str:
        return f"{self.connection}#{self.id}"


@dataclass(frozen=True)
class Change:
    """What an event means: SAs that went and SAs that came, in one step for a rekeying."""

    gone: tuple[Sa, ...] = ()
    came: tuple[Sa, ...] = ()


@dataclass(frozen=True)
class Look:
    """Connections with a CHILD_SA that carries traffic, those with any IKE_SA, and all that are loaded."""

    carrying: frozenset[str]
    known: frozenset[str]
    loaded: frozenset[str]


def fold(changes: Iterable[Change]) -> Change:
    """Several changes as one: where an SA came and went, the last word counts."""
    last: dict[int, tuple[Sa, bool]] = {}
    for step in changes:
        last.update({sa.id: (sa, False) for sa in step.gone})
        last.update({sa.id: (sa, True) for sa in step.came})
    return Change(
        gone=tuple(sa for sa, up in last.values() if not up), came=tuple(sa for sa, up in last.values() if up)
    )


def live_sas(message: Mapping[str, Any]) -> Iterator[Sa]:
    """The CHILD_SAs of one list-sas message that carry traffic."""
    for peer, child in _children(message):
        if child.get("state") in LIVE:
            yield _sa(peer, child)


def counts(message: Mapping[str, Any]) -> Iterator[tuple[int, Counts]]:
    """What each CHILD_SA of one list-sas message has carried, also those that are being replaced."""
    for _, child in _children(message):
        yield int(child["uniqueid"]), _counts(child)


def change(event: bytes, message: Mapping[str, Any]) -> Change:
    """What a child-updown or child-rekey event changes."""
    children = list(_children(message))
    if event == b"child-rekey":
        return Change(
            gone=tuple(_sa(peer, child["old"]) for peer, child in children),
            came=tuple(_sa(peer, child["new"]) for peer, child in children),
        )
    sas = tuple(_sa(peer, child) for peer, child in children)
    return Change(came=sas) if message.get("up") == b"yes" else Change(gone=sas)


def _children(message: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    """Every CHILD_SA with the connection and the peer of its IKE_SA."""
    for connection, ike in message.items():
        if isinstance(ike, Mapping):
            peer = (connection, ike.get("remote-id", b"").decode())
            for child in ike.get("child-sas", {}).values():
                yield peer, child


def _sa(peer: tuple[str, str], child: Mapping[str, Any]) -> Sa:
    connection, identity = peer
    return Sa(
        id=int(child["uniqueid"]),
        connection=connection,
        if_id=int(child.get("if-id-out", b"0"), 16),
        remote_ts=tuple(selector.decode() for selector in child.get("remote-ts", ())),
        identity=identity,
        counts=_counts(child),
    )


def _counts(child: Mapping[str, Any]) -> Counts:
    keys = ("bytes-in", "bytes-out", "packets-in", "packets-out")
    return Counts(*(int(child.get(key, 0)) for key in keys))
