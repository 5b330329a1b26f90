"""How a run looks: progress while it lasts, then one line a check by proof, the verdict last.

Checks run in the order that costs least, which is none to read them in: results are grouped at the
end. Only what is wrong is told at once, for whoever watches and wants to stop there.

On a terminal the current step is shown and replaced; elsewhere (CI, a pipe) there are plain
lines only. Colour follows the terminal and NO_COLOR.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from offnet.cli import INTERRUPTED
from offnet.cli.output import err, out
from offnet.report.model import MARKS, PROOFS, TEACHING, WRONG, Outcome, Phase, Result, Run, by_proof, tally

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.status import Status

    from offnet.network.model import Network

COLOURS = {Outcome.PASS: "green", Outcome.FAIL: "red", Outcome.ERROR: "yellow", Outcome.SKIP: "dim"}
QUIET_SECONDS = 10.0
"""Without a terminal, what moves inside a step is told at most this often."""


class Terminal:
    """Shows one run. It is the Progress of bring-up and builds, and told of every check."""

    def __init__(self, *, verbose: bool = True) -> None:
        self._out = out()
        self._err = err()
        self._verbose = verbose
        self._status: Status | None = None
        self._expected = self._ended = 0
        self._told = time.monotonic()

    def headline(self, network: Network) -> None:
        """Which lab this is, and in which variant."""
        self._line(
            f"[bold]{network.name}[/bold]  {_escape(network.title)}  [dim]{network.crypto.value}[/dim]"
        )
        if network.crypto.value == "as-printed":
            self._line(f"[dim]{TEACHING}[/dim]")
        for warning in network.warnings:
            self._line(f"[yellow]warning:[/yellow] {_escape(warning)}")

    def note(self, text: str) -> None:
        """One line about the run, such as where it runs and why."""
        self._line(f"[dim]{_escape(text)}[/dim]")

    def step(self, name: str, estimate_seconds: float = 0.0) -> None:
        """A step has begun; the estimate is said where it is worth waiting with something else."""
        long = estimate_seconds >= QUIET_SECONDS
        text = f"{name} (about {_duration(estimate_seconds)})" if long else name
        self._show(text)
        if not self._err.is_terminal:
            self._err.print(text, markup=False)
            self._told = time.monotonic()

    def tick(self, message: str) -> None:
        """Something moved inside a step."""
        self._show(message)
        if not self._err.is_terminal and time.monotonic() - self._told >= QUIET_SECONDS:
            self._err.print(message, markup=False)
            self._told = time.monotonic()

    def checks(self, count: int) -> None:
        """So many checks will run."""
        self._expected = count

    def check_begun(self, title: str) -> None:
        """A check runs now."""
        self.tick(f"{self._ended} of {self._expected} checks done; {title}")

    def check_ended(self, result: Result) -> None:
        """A check has its outcome, shown among the others of its proof at the end; a wrong one also now."""
        self._ended += 1
        if result.outcome in WRONG:
            self._err.print(f"{MARKS[result.outcome]} {result.title}", markup=False)

    def results(self, results: Sequence[Result]) -> None:
        """All results by proof; wrong ones say what was expected and what was seen."""
        self.done()
        for proof, group in by_proof(results):
            number = f"{proof}. " if proof else ""
            self._line(f"[bold]{number}{PROOFS[proof]}[/bold]")
            for result in group:
                self._result(result)

    def _result(self, result: Result) -> None:
        colour = COLOURS[result.outcome]
        reason = f"  [dim]{_escape(result.detail)}[/dim]" if result.outcome is Outcome.SKIP else ""
        self._line(f"  [{colour}]{MARKS[result.outcome]}[/{colour}] {_escape(result.title)}{reason}")
        if result.outcome in WRONG:
            self._wrong(result)

    def done(self) -> None:
        """Takes the progress line away."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def times(self, phases: Sequence[Phase]) -> None:
        """Where the time went."""
        if phases:
            told = ", ".join(f"{phase.name} {phase.seconds:.2f} s" for phase in phases)
            total = sum(phase.seconds for phase in phases)
            self._line(f"[dim]where the time went: {_escape(told)}; {total:.2f} s in all[/dim]")

    def summary(self, run: Run, *places: str) -> None:
        """The results, where the time went, where the evidence is, and the verdict as the last line."""
        self.results(run.results)
        self.times(run.phases)
        for place in places:
            self._line(f"[dim]{_escape(place)}[/dim]")
        verdict = run.verdict
        word = {Outcome.PASS: "passed", Outcome.SKIP: "nothing proved"}.get(verdict, "failed")
        colour = COLOURS[verdict]
        counts = tally(run.results)
        self._line(f"[{colour}]{MARKS[verdict]} {run.lab} {word}[/{colour}]: {counts}, {run.crypto}")

    def verdict(self, lab: str, code: int, seconds: float) -> None:
        """One of several labs: how it ended, by the exit code of its command, and how long it took."""
        word = {0: "passed", 1: "failed", INTERRUPTED: "interrupted"}.get(code, "could not run")
        outcome = Outcome.FAIL if code else Outcome.PASS
        colour = COLOURS[outcome]
        self._line(f"[{colour}]{MARKS[outcome]} {lab} {word}[/{colour}] [dim]{seconds:.0f} s[/dim]")

    def _wrong(self, result: Result) -> None:
        for name, text in (("expected", result.expected), ("seen", result.seen)):
            if text:
                self._block(f"{name:<9} {text}")
        if result.detail and not (result.expected and result.seen):
            self._block(result.detail.strip())

    def _block(self, text: str) -> None:
        for line in text.splitlines():
            self._out.print(f"      {line}", markup=False)

    def _line(self, markup: str) -> None:
        self._out.print(markup)

    def _show(self, text: str) -> None:
        if not self._err.is_terminal or not self._verbose:
            return
        if self._status is None:
            self._status = self._err.status("")
            self._status.start()
        self._status.update(f"[dim]{_escape(text)}[/dim]")


def _escape(text: str) -> str:
    from rich.markup import escape  # noqa: PLC0415 - keeps the start quick

    return escape(text)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"  # noqa: PLR2004 - reads better above
