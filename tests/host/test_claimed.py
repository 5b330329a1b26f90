"""Directories that a killed program leaves are cleared away by the next one; those in use are not."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from offnet.host.claimed import ClaimedDirectory

PREFIX = "offnet-test-"
_OTHER = f"""
import sys
from offnet.host.claimed import ClaimedDirectory
print(ClaimedDirectory({PREFIX!r}).path, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)


def test_it_is_removed_once_and_for_all() -> None:
    place = ClaimedDirectory(PREFIX)
    (place.path / "folder").mkdir()
    place.remove()
    place.remove()
    assert not place.path.exists()


def test_what_a_killed_program_left_is_cleared_away_and_not_before() -> None:
    with subprocess.Popen(
        (sys.executable, "-c", _OTHER), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        theirs = Path(other.stdout.readline().strip())
        (theirs / "docker.sock").touch()
        first = ClaimedDirectory(PREFIX)
        assert theirs.is_dir()
        other.send_signal(signal.SIGKILL)
    second = ClaimedDirectory(PREFIX)
    assert not theirs.exists()
    assert first.path.is_dir()
    first.remove()
    second.remove()


def test_a_directory_that_is_nobodys_stays(tmp_path: Path) -> None:
    stranger = tmp_path / f"{PREFIX}stranger"
    stranger.mkdir()
    ClaimedDirectory(PREFIX).remove()
    assert stranger.is_dir()
