"""Connections loaded into a running charon so that the longest pattern is tried first."""

from __future__ import annotations

from collections.abc import Iterable

from offnet.network.model import IkeConnection
from offnet.network.precedence import after
from offnet.observe.vici import Vici


def load_in_place(charon: Vici, connection: IkeConnection, known: Iterable[IkeConnection]) -> tuple[str, ...]:
    """Loads a connection and reloads the shorter patterns, which charon would try before it.

    ``known`` are the connections that charon may hold; those that it does hold and that must come later
    are unloaded and loaded again, which touches no SA. Returns their names.
    """
    by_name = {one.name: one for one in known}
    held = [by_name[one.name] for one in charon.list_conns() if one.name in by_name]
    later = after(connection, held)
    charon.load_conn(connection)
    for shorter in later:
        charon.unload_conn(shorter.name)
        charon.load_conn(shorter)
    return tuple(shorter.name for shorter in later)
