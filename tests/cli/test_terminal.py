"""What a run looks like where there is no terminal: plain lines, in order, verdict last."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from offnet.cli.terminal import Terminal
from offnet.report.model import Outcome, Phase, Result, Run

GOLDEN = Path(__file__).parent / "golden" / "run.txt"

RUN = Run(
    lab="single-ip",
    title="Off-net sites of two VPNs end on one address of the PE",
    crypto="modern",
    runtime="netns",
    host="sandbox",
    reason="this machine's kernel lacks VRF",
    started="2026-01-02T03:04:05+00:00",
    phases=(Phase("boot", 0.612), Phase("prove", 1.5)),
    results=(
        Result(1, "a", "vpn1: ce1 reaches spoke-vpn1-east", Outcome.PASS, "5 of 5 replies", "5 of 5 replies"),
        Result(3, "b", "10.0.67.0/24 is at pe2", Outcome.FAIL, "a VPN label", "no route [vpn1]", "long text"),
        Result(
            6, "c", "wrong key is refused", Outcome.ERROR, "a refusal", "", "charon does not answer\ntwice"
        ),
        Result(8, "d", "another site's LAN", Outcome.SKIP, detail="rri is static"),
        Result(0, "e", "the outer lookup", Outcome.PASS),
    ),
)


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str]) -> Callable[[Run], str]:
    """Plays a recorded run and returns what was printed."""

    def play(run: Run) -> str:
        terminal = Terminal()
        terminal.note(f"{run.runtime} on {run.host}: {run.reason}")
        terminal.checks(len(run.results))
        for result in reversed(run.results):
            terminal.check_begun(result.title)
            terminal.check_ended(result)
        terminal.summary(run, "evidence: runs/1")
        return capsys.readouterr().out

    return play


def test_a_recorded_run_prints_as_it_always_did(
    shown: Callable[[Run], str], golden: Callable[[Path, str], None]
) -> None:
    golden(GOLDEN, shown(RUN))


def test_steps_are_told_once_and_with_an_honest_estimate(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    terminal.step("sandbox kernel: compiling", 240)
    terminal.step("boot", 0.6)
    terminal.tick("boot: still at it")
    assert capsys.readouterr().err == "sandbox kernel: compiling (about 4 min)\nboot\n"


@pytest.mark.parametrize("variable", ["NO_COLOR", "CI"])
def test_no_colour(variable: str, monkeypatch: pytest.MonkeyPatch, shown: Callable[[Run], str]) -> None:
    monkeypatch.setenv(variable, "1")
    assert "\x1b" not in shown(RUN)


def test_what_is_wrong_is_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    for result in RUN.results:
        terminal.check_ended(result)
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "✗ 10.0.67.0/24 is at pe2\n! wrong key is refused\n"
