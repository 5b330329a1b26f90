"""Labs from start to end, each in a sandbox of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from offnet.errors import LabRunError, UsageError
from offnet.host.sandbox import Sandbox
from offnet.runtime import labs
from offnet.runtime.hosting import Supplies
from offnet.runtime.state import Store
from offnet.wait import until

pytestmark = pytest.mark.lab

_STARTER = """
import sys
from pathlib import Path
from offnet.runtime import labs
from offnet.runtime.hosting import Supplies
from offnet.runtime.state import Store
folder, root, image, kernel = map(Path, sys.argv[1:])
labs.start(folder, "sandbox", supplies=Supplies(image, kernel), store=Store(root),
           report=lambda line: print(line, flush=True))
print("up", flush=True)
sys.stdin.read()
"""


def start(folder: Path, store: Store, image: Path, kernel: Path) -> labs.Session:
    return labs.start(folder, "sandbox", supplies=Supplies(image, kernel), store=store)


def test_a_lab_lives_as_long_as_its_session(two: Path, store: Store, image: Path, kernel: Path) -> None:
    with start(two, store, image, kernel) as session:
        assert session.lab.run("a", ["ping", "-c", "1", "10.0.0.2"]).code == 0
        assert set(session.timings) >= {"prepare", "boot", "mounts", "links", "nodes", "ready"}
        assert [(listed.record.lab, listed.running) for listed in labs.ps(store=store)] == [("two", True)]
        with pytest.raises(UsageError, match="is at work on two"):
            labs.down("two", store=store)
        sandbox = Sandbox.find(store.directory("two"))
    assert sandbox is not None
    assert not sandbox.alive()
    assert store.labs() == ()


def test_a_kept_lab_stays_until_down(two: Path, store: Store, image: Path, kernel: Path) -> None:
    with start(two, store, image, kernel) as session:
        session.keep()
    try:
        with labs.attach("two", store=store) as lab:
            assert lab.run("b", ["hostname"]).stdout == "b\n"
        assert labs.running("two", store=store)
        with pytest.raises(UsageError, match="two is already running"):
            start(two, store, image, kernel)
    finally:
        labs.down("two", store=store)
    assert store.labs() == ()
    with pytest.raises(UsageError, match="two is not running"):
        labs.down("two", store=store)
    with pytest.raises(UsageError, match="two is not running"):
        labs.attach("two", store=store)


def test_two_labs_at_once(write_lab: Callable[[str], Path], store: Store, image: Path, kernel: Path) -> None:
    one, other = write_lab("one"), write_lab("other")
    with start(one, store, image, kernel) as first, start(other, store, image, kernel) as second:
        assert store.labs() == ("one", "other")
        assert [session.lab.run("a", ["hostname"]).stdout for session in (first, second)] == ["a\n", "a\n"]


@pytest.mark.parametrize("moment", [b"phase begin", b"phase nodes", b"up"])
def test_after_a_killed_command_up_and_down_work_again(
    two: Path, store: Store, image: Path, kernel: Path, moment: bytes
) -> None:
    argv = (sys.executable, "-c", _STARTER, str(two), str(store.directory("").parent / "state"))
    with subprocess.Popen(
        (*argv, str(image), str(kernel)), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as killed:
        assert killed.stdout is not None
        while not killed.stdout.readline().startswith(moment):
            assert killed.poll() is None
        sandbox = Sandbox.find(store.directory("two"))
        killed.send_signal(signal.SIGKILL)
    assert sandbox is not None
    start(two, store, image, kernel).close()
    assert not sandbox.alive()
    assert store.labs() == ()


def test_an_interrupt_leaves_nothing(two: Path, store: Store, image: Path, kernel: Path) -> None:
    def interrupt(line: str) -> None:
        if line.startswith("phase nodes"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        labs.start(two, "sandbox", supplies=Supplies(image, kernel), store=store, report=interrupt)
    assert store.labs() == ()


def test_a_lab_whose_sandbox_was_killed_is_told_and_cleared(
    two: Path, store: Store, image: Path, kernel: Path
) -> None:
    with start(two, store, image, kernel) as session:
        session.keep()
    sandbox = Sandbox.find(store.directory("two"))
    assert sandbox is not None
    for process in sandbox.processes:
        process.signal(signal.SIGKILL)
    until(lambda: not any(process.alive() for process in sandbox.processes), what="their end", deadline=10)
    assert [listed.running for listed in labs.ps(store=store)] == [False]
    with pytest.raises(LabRunError, match="two has ended: its sandbox is gone"):
        labs.attach("two", store=store)
    labs.down("two", store=store)
    assert store.labs() == ()
