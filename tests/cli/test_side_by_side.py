"""Several labs at a time: on commands that stand for the check of a lab."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from offnet import resources
from offnet.cli import side_by_side
from offnet.wait import until

LABS = [Path("one"), Path("two"), Path("three")]
LASTING = "trap 'echo down >>{0}.log; exit 130' INT; echo up >>{0}.log; while :; do sleep 0.05; done"
PROGRAM = """
import sys
from pathlib import Path
from offnet import cli
from offnet import resources
from offnet.cli import side_by_side
script, *labs = sys.argv[1:]
def act():
    side_by_side.run([Path(lab) for lab in labs], 2, lambda lab: ("sh", "-c", script.format(lab)))
from offnet.cli import app
app.invoke = lambda _: act()
cli.main()
"""


def shell(script: str) -> Callable[[Path], Sequence[str]]:
    return lambda lab: ("sh", "-c", script, lab.name)


def test_each_report_is_whole_and_the_verdicts_come_last(capfd: pytest.CaptureFixture[str]) -> None:
    assert side_by_side.run(LABS, 2, shell("echo $0 begins; sleep 0.1; echo $0 ends; echo progress >&2")) == 0
    told = capfd.readouterr()
    lines = told.out.splitlines()
    for lab in LABS:
        place = lines.index(f"{lab} begins")
        assert lines[place + 1] == f"{lab} ends"
    assert [line.split()[:3] for line in lines[6:9]] == [
        ["✓", lab, "passed"] for lab in ("one", "three", "two")
    ]
    assert lines[9].startswith("3 labs, 2 at a time: ")
    assert "progress" not in told.err


def test_the_worst_exit_code_counts_and_says_what_it_means(capfd: pytest.CaptureFixture[str]) -> None:
    script = "case $0 in one) ;; two) exit 1 ;; *) echo no kernel >&2; exit 3 ;; esac"
    assert side_by_side.run(LABS, 3, shell(script)) == 3
    told = capfd.readouterr()
    assert [line.split()[:4] for line in told.out.splitlines()[:3]] == [
        ["✓", "one", "passed", "0"],
        ["✗", "three", "could", "not"],
        ["✗", "two", "failed", "0"],
    ]
    assert "no kernel" in told.err


def test_no_more_run_than_are_asked_for(tmp_path: Path) -> None:
    log = tmp_path / "log"
    side_by_side.run(LABS, 2, shell(f"echo + >>{log}; sleep 0.1; echo - >>{log}"))
    at_work = [0]
    for sign in log.read_text().split():
        at_work.append(at_work[-1] + (1 if sign == "+" else -1))
    assert max(at_work) == 2
    assert at_work[-1] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_end_from_outside_ends_all_of_them_first(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-c", PROGRAM, LASTING, "one", "two", "three"]
    logs = [tmp_path / "one.log", tmp_path / "two.log"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        until(lambda: all(log.exists() for log in logs), what="both at work", deadline=30)
        program.send_signal(number)
        out, _ = program.communicate(timeout=30)
    if number is not signal.SIGKILL:
        assert program.returncode == 130
        assert b"three" not in out
    until(
        lambda: [log.read_text().split() for log in logs] == [["up", "down"]] * 2,
        what="both taken down",
        deadline=30,
    )
    assert not (tmp_path / "three.log").exists()


def test_labs_with_most_claims_come_first() -> None:
    folders = [resources.labs() / name for name in ("identities", "pe-pe", "single-ip")]
    ordered = side_by_side.longest_first(folders, None, faults=False)
    assert ordered[0].name == "pe-pe"
    assert sorted(ordered) == sorted(folders)
