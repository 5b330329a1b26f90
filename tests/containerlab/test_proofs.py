"""All proofs of single-ip under the reference runtime: in the sandbox, and on a lab server over SSH."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from offnet.network.model import Crypto
from offnet.report.model import PROOFS, Outcome, Run, from_json

if TYPE_CHECKING:
    from tests.containerlab.conftest import Server

pytestmark = pytest.mark.lab


FAULTS = 9  # on demand


def check(tmp_path: Path, *arguments: str) -> Run:
    """One check, as a user types it, with a state of its own."""
    results = tmp_path / "results.json"
    command = (sys.executable, "-m", "offnet", "check", "single-ip", "--json", str(results), *arguments)
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=400, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    listed = subprocess.run(
        (sys.executable, "-m", "offnet", "ps", "--json"),
        env=environment,
        capture_output=True,
        timeout=30,
        check=True,
    )
    assert json.loads(listed.stdout) == []
    return from_json(results.read_text())


def proved(run: Run) -> bool:
    assert {result.outcome for result in run.results} == {Outcome.PASS}
    assert {result.proof for result in run.results} >= set(PROOFS) - {FAULTS}
    return True


@pytest.mark.parametrize("crypto", list(Crypto), ids=str)
def test_every_proof_holds_in_the_sandbox(tmp_path: Path, crypto: Crypto) -> None:
    run = check(tmp_path, "--runtime", "containerlab", "--host", "sandbox", "--crypto", crypto)
    assert (run.runtime, run.host) == ("containerlab", "sandbox")
    assert proved(run)


@pytest.mark.usefixtures("node_image_there")
@pytest.mark.parametrize("runtime", ["containerlab", "netns"])
def test_every_proof_holds_on_a_lab_server_which_is_then_as_before(
    server: Server, url: str, tmp_path: Path, runtime: str
) -> None:
    before = server.traces()
    run = check(tmp_path, "--runtime", runtime, "--host", url)
    assert (run.runtime, run.host) == (runtime, url)
    assert proved(run)
    assert server.settled(before)
