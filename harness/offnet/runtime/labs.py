"""Labs from start to end: started, kept, found again, taken down. At most one of each name."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from types import TracebackType

from offnet.errors import LabRunError, OffnetError, UsageError
from offnet.host.process import Process
from offnet.meanwhile import importing
from offnet.runtime import clab, drivers, hosting
from offnet.runtime import plan as plans
from offnet.runtime.base import Report
from offnet.runtime.hosting import Supplies
from offnet.runtime.lab import HostedLab
from offnet.runtime.state import LabRecord, Store, open_store


@dataclass(slots=True)
class Session:
    """A lab that this program started: ended with it, by ``close``, unless it is kept."""

    lab: HostedLab
    timings: Mapping[str, float]
    _record: LabRecord
    _store: Store
    _hosting: hosting.Hosting
    _ending: contextlib.ExitStack
    _lock: contextlib.ExitStack

    def keep(self) -> None:
        """Let the lab run until ``down``, whatever becomes of this program."""
        self._store.write(replace(self._record, kept=True, owner=None))
        self._hosting.keep()
        self._ending.pop_all()
        self._lock.close()

    def close(self) -> None:
        """Take the lab down; nothing of it is left. A kept lab stays. May be called twice."""
        try:
            with self._lock, self._ending:
                pass
        finally:
            self.lab.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Listed:
    """A lab in the list of labs: its record, and whether its host and nodes are still there."""

    record: LabRecord
    running: bool


def start(
    folder: Path,
    host: str,
    *,
    runtime: str = drivers.NETNS,
    supplies: Supplies,
    deadline: float | None = None,
    report: Report = lambda _: None,
    store: Store | None = None,
    needed_next: Sequence[str] = (),
) -> Session:
    """Bring up the topology in a folder on a host (``sandbox``, ``local`` or ``ssh://..``).

    Returns once every node is ready. Whatever goes wrong, or if the user interrupts, nothing is
    left. What an earlier, killed command left of the same lab is cleared away first; a lab that
    runs already is refused with UsageError. The modules ``needed_next`` are imported while nodes
    start: we only wait for them, and would otherwise import before they start or after.
    """
    store = store or open_store()
    driver = drivers.driver(runtime)
    lab = driver.plan(clab.load(folder), host)
    with contextlib.ExitStack() as lock, contextlib.ExitStack() as ending:
        lock.enter_context(store.locked(lab.lab))
        _refuse_running(store, lab.lab)
        _clear(store, lab.lab)
        record = LabRecord(lab.lab, host, runtime, str(folder), lab.nodes, Process.find(os.getpid()))
        store.write(record)
        ending.callback(store.forget, lab.lab)
        provided = hosting.provide(
            lab,
            host,
            store.directory(lab.lab),
            owner=store.owner(),
            require=driver.require,
            supplies=supplies,
        )
        ending.pop_all()
        ending.callback(_end, store, lab.lab, provided)
        with importing(*needed_next):
            started = driver.up(lab, provided, report, deadline)
        timings = {**provided.timings, **_durations(started.phases)}
        return Session(started.lab, timings, record, store, provided, ending.pop_all(), lock.pop_all())


def attach(name: str, *, store: Store | None = None) -> HostedLab:
    """The running lab of that name. UsageError if there is none, LabRunError if its host is gone."""
    store = store or open_store()
    record = store.read(name)
    if record is None:
        raise UsageError(f"{name} is not running; start it with: offnet up {name}")
    host = hosting.again(record.host, store.directory(name))
    if host is None:
        raise LabRunError(
            f"{name} has ended: its {record.host} is gone; clear it away with: offnet down {name}"
        )
    try:
        return drivers.driver(record.runtime).attach(name, record.nodes, host)
    except BaseException:
        host.close()
        raise


def running(name: str, *, store: Store | None = None) -> bool:
    """Whether a lab of that name was kept and its host is still there."""
    store = store or open_store()
    record = store.read(name)
    return record is not None and record.kept and _present(store, record)


def down(name: str, *, store: Store | None = None) -> None:
    """Take a lab down, also one that was left half built. UsageError if there is nothing of it."""
    store = store or open_store()
    if not store.directory(name).is_dir():
        raise UsageError(f"{name} is not running")
    with store.locked(name):
        _clear(store, name)


def ps(*, store: Store | None = None) -> tuple[Listed, ...]:
    """All labs that were started and not taken down, those of killed commands too."""
    store = store or open_store()
    records = (store.read(lab) for lab in store.labs())
    return tuple(Listed(record, _present(store, record)) for record in records if record)


def _end(store: Store, name: str, provided: hosting.Hosting) -> None:
    """The record goes last: what could not be taken away is still known to ``down``."""
    try:
        provided.close()
    except OffnetError as error:
        message = (
            f"{error}\n{name} may still be on {provided.host.name}; clear it away with: offnet down {name}"
        )
        raise LabRunError(message) from error
    store.forget(name)


def _refuse_running(store: Store, name: str) -> None:
    if running(name, store=store):
        raise UsageError(f"{name} is already running; take it down with: offnet down {name}")


def _clear(store: Store, name: str) -> None:
    directory = store.directory(name)
    if directory.is_dir():
        record = store.read(name)
        if record is None or record.host == hosting.SANDBOX:
            hosting.power_off(directory)
        else:
            _clear_machine(name, record, store.owner())
        store.forget(name)


def _clear_machine(name: str, record: LabRecord, owner: str) -> None:
    with contextlib.closing(hosting.machine(record.host)) as machine:
        if hosting.down(name, machine, owner):
            drivers.driver(record.runtime).sweep(name, machine)


def _present(store: Store, record: LabRecord) -> bool:
    directory = store.directory(record.lab)
    if record.host == hosting.SANDBOX:
        return hosting.again(record.host, directory) is not None
    if record.host == hosting.LOCAL:
        return Path(plans.directory(record.lab)).is_dir()
    return True  # a lab server is asked when the lab is used, not when labs are listed


def _durations(phases: Mapping[str, float]) -> dict[str, float]:
    names = list(phases)
    return {name: phases[name] - phases[before] for before, name in pairwise(names)}
