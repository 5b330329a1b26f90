"""What charon says about CHILD_SAs, reduced to what routes depend on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# Also while it is being rekeyed an SA carries traffic; once REKEYED it does not.
LIVE = frozenset({b"INSTALLED", b"UPDATING", b"REKEYING"})


@dataclass(frozen=True)
class Sa:
    """A CHILD_SA: ``id`` is unique within one life of charon, and survives a rekeying of the IKE_SA."""

    id: int
    connection: str
    if_id: int
    remote_ts: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.connection}#{self.id}"


@dataclass(frozen=True)
class Change:
    """What an event means: SAs that went and SAs that came, in one step for a rekeying."""

    gone: tuple[Sa, ...] = ()
    came: tuple[Sa, ...] = ()


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
    for connection, child in _children(message):
        if child.get("state") in LIVE:
            yield _sa(connection, child)


def change(event: bytes, message: Mapping[str, Any]) -> Change:
    """What a child-updown or child-rekey event changes."""
    children = list(_children(message))
    if event == b"child-rekey":
        return Change(
            gone=tuple(_sa(name, child["old"]) for name, child in children),
            came=tuple(_sa(name, child["new"]) for name, child in children),
        )
    sas = tuple(_sa(name, child) for name, child in children)
    return Change(came=sas) if message.get("up") == b"yes" else Change(gone=sas)


def _children(message: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for connection, ike in message.items():
        if isinstance(ike, Mapping):
            for child in ike.get("child-sas", {}).values():
                yield connection, child


def _sa(connection: str, child: Mapping[str, Any]) -> Sa:
    return Sa(
        id=int(child["uniqueid"]),
        connection=connection,
        if_id=int(child.get("if-id-out", b"0"), 16),
        remote_ts=tuple(selector.decode() for selector in child.get("remote-ts", ())),
    )
