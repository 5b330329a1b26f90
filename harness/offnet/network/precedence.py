"""Which connection is tried first: to charon all patterns that fit are equal, and load order decides."""

from __future__ import annotations

from collections.abc import Iterable

from offnet.network.ike import Identity, IdentityKind, IkeConnection


def precedence(identity: Identity) -> tuple[int, str]:
    """A sort key: the longest pattern first, and the one of everybody last."""
    length = 0 if identity.kind is IdentityKind.ANY else len(identity.text)
    return -length, identity.text


def after(connection: IkeConnection, held: Iterable[IkeConnection]) -> tuple[IkeConnection, ...]:
    """The connections with shorter patterns, in the order in which they must be tried."""
    own = precedence(connection.remote.id)
    later = (one for one in held if one.remote.id.pattern and precedence(one.remote.id) > own)
    return tuple(sorted(later, key=lambda one: precedence(one.remote.id)))
