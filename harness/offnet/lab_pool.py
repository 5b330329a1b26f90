"""The labs that a pytest session has running: started when first needed, ended with their last test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from offnet import intent
from offnet.errors import OffnetError
from offnet.experiments.bench import Bench
from offnet.network.model import Crypto
from offnet.report import evidence
from offnet.report.folder import EVIDENCE
from offnet.session import Provided, Session, bring_up


@dataclass(frozen=True, slots=True)
class Wanted:
    """A lab's folder in one crypto variant."""

    folder: Path
    crypto: Crypto

    def __str__(self) -> str:
        return f"{self.folder.name}-{self.crypto}"


class LabPool:
    """At most one running lab a session, or the one that was provided from outside."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._current: tuple[Wanted, Session, Bench] | None = None
        self._failed: dict[Wanted, OffnetError] = {}
        self._defaults: dict[Path, Crypto] = {}

    def variants(self, folder: Path) -> tuple[Crypto, ...]:
        """The crypto variants to prove a lab in."""
        provided = self._provided()
        if provided is not None:
            return (provided.network.crypto,)
        asked = self._config.getoption("--crypto")
        default = self._default(folder)
        if asked == "both":
            return (default, *(crypto for crypto in Crypto if crypto is not default))
        return (Crypto(asked),)

    def _default(self, folder: Path) -> Crypto:
        """The variant that a lab's file names; read once for the many tests of a lab."""
        if folder not in self._defaults:
            self._defaults[folder] = intent.load(folder).crypto
        return self._defaults[folder]

    def bench(self, wanted: Wanted) -> Bench:
        """The running lab. One that could not be started is not tried again: its error is every test's."""
        if wanted in self._failed:
            raise self._failed[wanted]
        if self._current is None or self._current[0] != wanted:
            self._end()
            try:
                session = self._provided() or self._start(wanted)
            except OffnetError as error:
                self._failed[wanted] = error
                raise
            self._current = (wanted, session, Bench(session.network, session.running))
        return self._current[2]

    def release(self, wanted: Wanted) -> None:
        """Ends a lab if it is the running one; evidence of every node is kept first."""
        if self._current is not None and self._current[0] == wanted:
            self._end()

    def close(self) -> None:
        """Ends whatever still runs."""
        self._end()

    def _start(self, wanted: Wanted) -> Session:
        option = self._config.getoption
        return bring_up(wanted.folder, wanted.crypto, runtime=option("--runtime"), host=option("--host"))

    def _end(self) -> None:
        if self._current is None:
            return
        _, session, bench = self._current
        self._current = None
        try:
            bench.close()
        finally:
            if self._provided() is None:
                self._finish(session)

    def _finish(self, session: Session) -> None:
        try:
            evidence.collect(session.running, session.network, session.folder / EVIDENCE)
        finally:
            session.close()

    def _provided(self) -> Session | None:
        found = next((p for p in self._config.pluginmanager.get_plugins() if isinstance(p, Provided)), None)
        return found.session if found else None
