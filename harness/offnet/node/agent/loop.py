"""Events in, routes out."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from .charon import GONE, Charon
from .config import Backup, Config, load
from .decision import Policies, Route, decide, static_routes
from .kernel import Kernel, KernelError
from .ledger import STATIC, Changes, Ledger
from .log import log, now
from .sas import Change, Sa, fold

if TYPE_CHECKING:  # what they import takes time, and most gateways have no AAA server
    from .accounts import Accounts
    from .orders import Orders

PRIORITY = -10  # traffic waits for its route, while routing daemons can wait for the next one
FIRST_PAUSE, LONGEST_PAUSE = 0.01, 0.2  # seconds between attempts to reach charon


class Agent:
    """Keeps the routes in the kernel equal to what charon's SAs and the policies call for.

    With an AAA server it also downloads groups, whenever ``orders`` says that charon has what is local,
    and tells of the sessions of sites by ``accounts``.
    """

    def __init__(
        self,
        config: Config,
        kernel: Kernel,
        wakeup: int,
        orders: Orders | None = None,
        accounts: Accounts | None = None,
    ) -> None:
        self._config = config
        self._wakeup = wakeup
        self._helpers = [helper for helper in (orders, accounts) if helper]
        self._accounts = accounts
        self._policies = Policies(config.policies)
        self._vrfs = {policy.table: policy.vrf for policy in config.policies}
        self._kernel = kernel
        self._ledger = Ledger()
        self._if_ids: dict[str, int] = {}
        self._foreign: list[Sa] = []

    def run(self) -> None:
        """Work until told to stop; charon may come and go meanwhile."""
        while (charon := self._reach()) is not None:
            try:
                log(f"charon {charon.version()}: {self._settle(charon.sas())}")
                self._end_foreign(charon)
                if self._follow(charon):
                    return
            except GONE as error:
                log(f"charon went: {error}")
            finally:
                charon.close()

    def _reach(self) -> Charon | None:
        """A connected charon, however long it takes; None when told to stop.

        While there is none, only static routes are held.
        """
        pause = 0.0
        while True:
            try:
                return Charon(self._config.socket)
            except GONE as error:
                if not pause:
                    log(f"no charon ({error}): {self._settle(())}")
            pause = min(2 * pause, LONGEST_PAUSE) or FIRST_PAUSE
            if select.select([self._wakeup], [], [], pause)[0]:
                return None

    def _settle(self, sas: Sequence[Sa]) -> str:
        """Make the kernel hold what these SAs and the static policies call for; tells what it took."""
        self._if_ids = self._kernel.if_ids()
        self._ledger = Ledger()
        self._foreign.clear()  # ids of another charon's life
        self._ledger.update((), [(STATIC, static_routes(self._policies))])
        self._ledger.update((), [(sa.id, self._entitled(sa)) for sa in sas])
        wanted, present = self._ledger.routes(), self._kernel.routes()
        # A prefix that is there by another interface is removed first, then added.
        changes = Changes(add=tuple(wanted - present), remove=tuple(present - wanted))
        self._carry_out(changes)
        if self._accounts:
            self._accounts.settle(sas)
        return (
            f"{len(sas)} SAs, {len(wanted & present)} routes adopted, "
            f"{len(changes.add)} added, {len(changes.remove)} removed"
        )

    def _follow(self, charon: Charon) -> bool:
        """Handle events until told to stop; one of GONE is raised when charon goes."""
        others = [descriptor for helper in self._helpers for descriptor in helper.filenos()]
        while True:
            pauses = [pause for helper in self._helpers if (pause := helper.pause()) is not None]
            pause = min(pauses, default=None)
            ready, _, _ = select.select([charon.fileno(), self._wakeup, *others], [], [], pause)
            if self._wakeup in ready:
                return True
            if charon.fileno() in ready:
                self._handle(charon.changes(), now())
                self._end_foreign(charon)
            for helper in self._helpers:
                helper.work(charon, ready)

    def _handle(self, changes: Iterable[Change], arrived: float) -> None:
        """One step in the kernel for all events that have arrived together."""
        change = fold(changes)
        came = [(sa.id, self._entitled(sa)) for sa in change.came]
        done = self._ledger.update([sa.id for sa in change.gone], came)
        self._carry_out(done)
        self._report(done, dict(came), change, now() - arrived)
        if self._accounts:
            self._accounts.follow(change)

    def _end_foreign(self, charon: Charon) -> None:
        """An SA for what is another peer's would take its traffic, route or not."""
        for sa in self._foreign:
            charon.end(sa)
            log(f"ended: {sa} of {sa.identity}")
        self._foreign.clear()

    def _entitled(self, sa: Sa) -> tuple[Route, ...]:
        decision = decide(sa, self._policies, self._if_ids)
        if decision.foreign:
            self._foreign.append(sa)
        for refusal in decision.refusals:
            log(f"refused: {refusal}")
        return decision.routes

    def _carry_out(self, changes: Changes) -> None:
        if changes:
            for reason in self._kernel.apply(changes):
                log(f"failed: {reason}")

    def _report(
        self, done: Changes, came: dict[int, tuple[Route, ...]], change: Change, seconds: float
    ) -> None:
        after = f"after {seconds * 1000:.1f} ms"
        for route in done.add + done.replace:
            owner = next(str(sa) for sa in change.came + change.gone if route in came.get(sa.id, (route,)))
            log(f"route {route.prefix} in {self._vrfs[route.table]} by {owner} {after}")
        gone = ", ".join(str(sa) for sa in change.gone)
        for route in done.remove:
            log(f"withdrawn {route.prefix} from {self._vrfs[route.table]} with {gone} {after}")


def main(arguments: Sequence[str]) -> int:
    """Run the agent on a configuration file until SIGTERM or SIGINT; returns the exit status."""
    try:
        (path,) = arguments
        config = load(path)
    except (OSError, ValueError, KeyError) as error:
        log(f"cannot start: {error!r}")
        return 2
    with contextlib.suppress(OSError):  # a container may not be allowed to
        os.nice(PRIORITY)
    if config.backup is not None:
        return _stand_in(config.socket, config.backup)
    kernel = Kernel(config.protocol)
    try:
        Agent(config, kernel, _wakeup(), _orders(config), _accounts(config)).run()
    except KernelError as error:
        log(f"cannot go on: {error}")
        return 1
    finally:
        kernel.close()
    log("stopped; routes stay")
    return 0


def _stand_in(socket: str, backup: Backup) -> int:
    from .backup import BackupAgent  # noqa: PLC0415 - a site's own, which has no routes to inject

    BackupAgent(socket, backup, _wakeup()).run()
    return 0


def _orders(config: Config) -> Orders | None:
    if config.aaa is None:
        return None
    from .orders import Orders  # noqa: PLC0415 - see above

    return Orders(config.aaa)


def _accounts(config: Config) -> Accounts | None:
    if config.accounting is None:
        return None
    from .accounts import Accounts  # noqa: PLC0415 - see above

    return Accounts(config.accounting)


def _wakeup() -> int:
    """A descriptor that becomes readable when the process is told to stop."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)
    return reader
