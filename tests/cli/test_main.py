"""The process ``offnet``: exit codes, signals, pipes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from offnet import cli
from offnet.cli import app
from offnet.errors import HostError, LabRunError, OffnetError, UsageError

WAITING = """
import threading
from offnet import cli
from offnet.cli import app
def wait(arguments):
    try:
        print("ready", flush=True)
        threading.Event().wait(30)
    finally:
        print("cleaned up", flush=True)
app.invoke = wait
cli.main()
"""


def _offnet(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from offnet.cli import main; main()", *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**os.environ, **environment},
    )


def test_version() -> None:
    done = _offnet("--version")
    assert (done.returncode, done.stdout.split()[0]) == (0, "offnet")


def test_messages_go_to_standard_error() -> None:
    done = _offnet("check", "no-such-lab")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")


def test_debug_shows_the_traceback() -> None:
    assert "Traceback" in _offnet("--debug", "check", "no-such-lab").stderr


def test_plain_output_has_no_colour() -> None:
    assert "\x1b" not in _offnet("doctor", NO_COLOR="1").stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_clean_up_and_exit_with_130(number: signal.Signals) -> None:
    process = subprocess.Popen([sys.executable, "-c", WAITING], stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.stdout.read() == "cleaned up\n"
        assert process.wait(10) == 130


@pytest.mark.parametrize(
    ("error", "code"),
    [(OffnetError("x"), 1), (UsageError("x"), 2), (HostError("x"), 3), (LabRunError("x"), 1)],
)
def test_errors_have_their_exit_code(
    error: OffnetError, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: list[str]) -> None:
        raise error

    monkeypatch.setattr(app, "invoke", fail)
    assert cli.run([]) == code
    assert capsys.readouterr().err == "error: x\n"


def test_an_unknown_error_is_one_message_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: list[str]) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(app, "invoke", fail)
    assert cli.run([]) == 1
    told = capsys.readouterr().err
    assert "ZeroDivisionError: oops" in told
    assert "--debug" in told


def test_a_reader_that_leaves_is_no_error() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "from offnet.cli import main; main()", "schema", "--help"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()
