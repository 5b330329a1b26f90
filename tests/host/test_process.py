"""Processes of this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from signal import SIGKILL

import pytest

from offnet.errors import DeadlineExpired, HostError
from offnet.host import process
from offnet.host.local import LocalHost
from offnet.host.process import Process, ProcessStream


def test_a_process_is_known_by_its_start_time_too() -> None:
    me = Process.find(os.getpid())
    assert me is not None
    assert me.alive()
    assert not Process(me.pid, me.started - 1).alive()


def test_an_impostor_is_never_signalled() -> None:
    with subprocess.Popen(["sleep", "30"]) as child:
        real = Process.find(child.pid)
        assert real is not None
        Process(real.pid, real.started - 1).signal(SIGKILL)
        assert not real.gone(0.05)
        real.signal(SIGKILL)
        assert real.gone(5)


def test_a_corpse_is_gone() -> None:
    with subprocess.Popen(["true"], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.read()
        started = Process.find(child.pid)
        assert started is None or started.gone(5)
        assert Process.find(child.pid) is None


def test_a_stream_ends_a_process_that_ignores_the_end_of_input() -> None:
    stream = ProcessStream.start(("sleep", "30"))
    pid = stream._process.pid
    stream.close()
    stream.close()
    assert Process.find(pid) is None


def test_a_process_that_ignores_sigterm_is_killed() -> None:
    script = "import signal,sys; signal.signal(15, signal.SIG_IGN); print(flush=True); signal.pause()"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        process.end(child, grace=0.1)
        assert child.returncode == -9


def test_a_command_that_misses_its_deadline_tells_what_it_said() -> None:
    with pytest.raises(DeadlineExpired, match=r"not within 0\.2 s; last seen: hello"):
        LocalHost().run(("sh", "-c", "echo hello; exec sleep 20"), timeout=0.2)


def test_a_missing_command_is_an_error_of_the_machine() -> None:
    with pytest.raises(HostError, match="no-such-command: no such command on this machine"):
        LocalHost().run(("no-such-command",), timeout=1)
