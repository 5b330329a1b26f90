from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from offnet.host import cpu

ALLOWED = sorted(os.sched_getaffinity(0))


def test_it_is_one_that_we_may_use() -> None:
    assert cpu.quietest() in ALLOWED


def test_without_any_sandbox_it_is_the_first(tmp_path: Path) -> None:
    assert cpu.quietest(tmp_path) == ALLOWED[0]


@pytest.mark.skipif(len(ALLOWED) == 1, reason="one processor leaves no choice")
def test_it_is_not_the_one_that_another_sandbox_has(tmp_path: Path) -> None:
    program = "import sys; print('up', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", program, cpu.MARK.decode()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"up\n"  # before that its command line may still be empty
        os.sched_setaffinity(other.pid, {ALLOWED[0]})
        (tmp_path / str(other.pid)).symlink_to(f"/proc/{other.pid}")
        assert cpu.quietest(tmp_path) == ALLOWED[1]


def test_what_is_gone_or_not_a_process_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    assert cpu.quietest(tmp_path) == ALLOWED[0]


def test_one_chooses_after_the_other_and_nobody_waits_for_ever() -> None:
    program = (
        "import sys; from offnet.host import cpu\n"
        "with cpu.one_at_a_time(): print('mine', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == b"mine\n"
        begun = time.monotonic()
        with cpu.one_at_a_time(patience=0.2):
            assert time.monotonic() - begun >= 0.2
        other.stdin.close()
        assert other.wait() == 0
    with cpu.one_at_a_time(patience=20):
        assert time.monotonic() - begun < 20
