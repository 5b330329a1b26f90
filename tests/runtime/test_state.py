"""Which labs run: records and locks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from offnet.errors import HostError, UsageError
from offnet.host.process import Process
from offnet.runtime import state
from offnet.runtime.state import LabRecord, Store

RECORD = LabRecord("two", "sandbox", "netns", "/t", ("a", "b"), Process(1, 2))


def test_a_record_comes_back_as_it_was(store: Store) -> None:
    store.write(RECORD)
    assert store.read("two") == RECORD
    assert store.labs() == ("two",)
    store.forget("two")
    store.forget("two")
    assert store.read("two") is None
    assert store.labs() == ()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"lab": "two"}', '{"owner": null, "nodes": [], "x": 1}'])
def test_a_damaged_record_counts_as_none(store: Store, text: str) -> None:
    store.write(RECORD)
    (store.directory("two") / "lab.json").write_text(text)
    assert store.read("two") is None


def test_a_lab_is_worked_on_by_one_command_at_a_time(store: Store) -> None:
    words = rf"process {os.getpid()}\) is at work on two"
    with (
        store.locked("two"),
        store.locked("three"),
        pytest.raises(UsageError, match=words),
        store.locked("two"),
    ):
        pass
    with store.locked("two"):
        pass


def test_a_killed_command_holds_no_lock(store: Store) -> None:
    script = (
        "import sys; from pathlib import Path; from offnet.runtime.state import Store\n"
        "with Store(Path(sys.argv[1])).locked('two'): print(flush=True); sys.stdin.read()"
    )
    argv = (sys.executable, "-c", script, str(store.directory("two").parent))
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(UsageError, match=rf"process {other.pid}\)"), store.locked("two"):
            pass
        other.kill()
        other.wait()
        with store.locked("two"):
            pass


def test_the_store_lies_in_the_state_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    assert state.open_store().directory("two") == tmp_path / "xdg/offnet/labs/two"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert state.open_store().directory("two") == tmp_path / "home/.local/state/offnet/labs/two"


def test_without_a_writable_home_it_lies_in_a_private_temporary_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("HOME", "/proc/nowhere")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    root = tmp_path / f"offnet-{os.getuid()}"
    assert state.open_store().directory("two") == root / "labs" / "two"
    assert root.stat().st_mode & 0o077 == 0
    root.chmod(0o755)
    with pytest.raises(HostError, match="others may enter it"):
        state.open_store()
