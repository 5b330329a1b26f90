"""Orders to download groups, and word when that is done: two FIFOs that the entrypoint holds open.

The order comes when charon has all that is local: swanctl takes away what its file does not name.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress

from .charon import Charon
from .config import Aaa, Group
from .groups import Downloads, profile
from .log import log
from .radius import Answer

ORDER, DONE = "/run/offnet/download", "/run/offnet/downloaded"
LONGEST = 4096


class Orders:
    """Downloads that have been ordered. Each order is answered once: when all is there, or too late."""

    def __init__(self, aaa: Aaa, order: str = ORDER, done: str = DONE) -> None:
        self._downloads = Downloads(aaa)
        self._order = os.open(order, os.O_RDWR | os.O_NONBLOCK)
        self._done = os.open(done, os.O_RDWR | os.O_NONBLOCK)
        self._owed = False

    def filenos(self) -> list[int]:
        """What to select for, beside time."""
        return [self._order, self._downloads.fileno()]

    def pause(self) -> float | None:
        """Seconds until there is work even if nothing comes; None for never."""
        return self._downloads.pause()

    def work(self, charon: Charon, ready: Sequence[int]) -> None:
        """Do what has become due: take an order, load what has come, ask again."""
        if self._order in ready:
            with suppress(BlockingIOError):
                os.read(self._order, LONGEST)
            self._owed = True
            self._downloads.begin()
        for group, said in self._downloads.answers():
            _load(charon, group, said)
        self._downloads.ask_again()
        if self._owed and self._downloads.settled():
            self._owed = False
            os.write(self._done, b"done\n")


def _load(charon: Charon, group: Group, said: Answer) -> None:
    try:
        charon.load(profile(group, said))
    except ValueError as error:
        log(f"group {group.name}: {error}")
    else:
        log(f"group {group.name}: downloaded from the AAA server")
