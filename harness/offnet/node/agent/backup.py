"""A site's backup peer: asked while the preferred one is dead, given up when that has an SA again.

charon itself has no such choice. It keeps asking the preferred peer, whatever happens; here it is
decided when the other one is asked as well. The site has SAs with one of them, but for the moment of a
return: what both VPNs' routes follow is which aggregator has the SA.
"""

from __future__ import annotations

import select
from collections.abc import Callable
from dataclasses import dataclass

from .charon import GONE, Charon
from .config import Backup
from .log import log, now
from .sas import Look

FIRST_PAUSE, LONGEST_PAUSE = 0.01, 0.2  # seconds between attempts to reach charon


@dataclass(frozen=True)
class Step:
    """Connections to ask for an SA, those to end, and in how many seconds to look again if nothing comes."""

    ask: tuple[str, ...] = ()
    end: tuple[str, ...] = ()
    again: float | None = None


def decide(backup: Backup, look: Look, waited: float, allowed: float) -> Step:
    """What is to be done ``waited`` seconds after the site had an SA, of which ``allowed`` are granted.

    The preferred peer is asked for as long as it has no SA, also when it has ended its own.
    """
    if not {backup.preferred, backup.backup} <= look.loaded:
        return Step(again=backup.hold)
    if backup.preferred in look.carrying:
        return Step(end=(backup.backup,) if backup.backup in look.known else ())
    ask = () if backup.preferred in look.known else (backup.preferred,)
    if backup.backup in look.known:
        return Step(ask, again=backup.hold)
    if waited < allowed:
        return Step(again=allowed - waited)  # whoever ended the SA may want it to stay ended for a moment
    return Step((*ask, backup.backup), again=backup.hold)


class BackupAgent:
    """Asks and ends by what charon says, at each of its events and while something is to come."""

    def __init__(self, socket: str, backup: Backup, wakeup: int, clock: Callable[[], float] = now) -> None:
        self._socket = socket
        self._backup = backup
        self._wakeup = wakeup
        self._clock = clock

    def run(self) -> None:
        """Work until told to stop; charon may come and go meanwhile."""
        while (charon := self._reach()) is not None:
            try:
                if self._follow(charon):
                    return
            except GONE as error:
                log(f"charon went: {error}")
            finally:
                charon.close()

    def _reach(self) -> Charon | None:
        pause = FIRST_PAUSE
        while True:
            try:
                return Charon(self._socket)
            except GONE:
                if select.select([self._wakeup], [], [], pause)[0]:
                    return None
            pause = min(2 * pause, LONGEST_PAUSE)

    def _follow(self, charon: Charon) -> bool:
        """Act until told to stop (true); one of GONE is raised when charon goes."""
        since, allowed, before = self._clock(), float(self._backup.patience), ""
        while True:
            look = charon.look()
            holder = next(iter(sorted(look.carrying & self._names(), key=self._rank)), "")
            if not self._names() <= look.loaded:
                since, allowed = self._clock(), float(self._backup.patience)
            if holder != before:
                log(f"{holder or 'nobody'} has the SA")
                since, allowed, before = self._clock(), float(self._backup.hold), holder
            step = decide(self._backup, look, self._clock() - since, allowed)
            self._carry_out(charon, step)
            ready, _, _ = select.select([charon.fileno(), self._wakeup], [], [], step.again)
            if self._wakeup in ready:
                return True
            for _ in charon.changes() if charon.fileno() in ready else ():
                pass  # an event tells that it is time to look; what it says may be old already

    def _names(self) -> set[str]:
        return {self._backup.preferred, self._backup.backup}

    def _rank(self, name: str) -> bool:
        return name != self._backup.preferred

    def _carry_out(self, charon: Charon, step: Step) -> None:
        for name in step.end:
            log(f"ends its SAs with {name}")
            charon.end_all(name)
        for name in step.ask:
            refused = charon.ask(name)
            log(f"asks {name}{': ' if refused else ''}{refused}")
