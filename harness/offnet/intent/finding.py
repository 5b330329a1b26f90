"""A mistake in a lab, before it is known on which line it is."""

from __future__ import annotations

from dataclasses import dataclass

from offnet.intent.document import KeyPath


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake: its key, and what is expected there.

    ``value`` stands in for the value as written; ``of_key`` says that the key itself is wrong;
    ``see`` is another key that has to do with it.
    """

    path: KeyPath
    expected: str
    value: str | None = None
    of_key: bool = False
    see: KeyPath | None = None
