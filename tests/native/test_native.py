"""Labs directly on a lab server's kernel, with offnet as its users install it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from offnet import artifacts
from offnet.errors import HostError
from offnet.report.model import FAULTS, PROOFS, Outcome, from_json
from offnet.wait import until

if TYPE_CHECKING:
    from tests.native.conftest import Server

pytestmark = pytest.mark.lab

LIVE = "/run/offnet/labs/single-ip/live"


def settled(server: Server, before: list[str]) -> bool:
    until(  # the kernel takes namespaces apart after the last process has left them
        lambda: server.traces() == before,
        what="a server without traces of the lab",
        deadline=120,
        seen=lambda: sorted(set(server.traces()) - set(before)),
    )
    return True


def test_the_wheel_alone_is_installed(server: Server) -> None:
    places = "import offnet; from offnet import resources; print(offnet.__file__, resources.checkout())"
    package, checkout = server.host.run(("python3", "-c", places), timeout=10).stdout.split()
    assert package.startswith("/usr/local/lib/")
    assert checkout == "None"


def test_the_doctor_says_native_and_finds_the_image_by_its_hash(server: Server) -> None:
    diagnosis = json.loads(server.offnet("doctor", "--json").stdout)
    assert (diagnosis["host"], diagnosis["runtime"]) == ("local", "netns")
    (image,) = (found for found in diagnosis["findings"] if found["name"] == "node image")
    assert image["status"] == "ok"
    assert image["seen"].endswith(artifacts.node_image().parent.name)


@pytest.mark.parametrize("command", ["doctor", "check single-ip --host local"])
def test_a_server_that_cannot_build_the_image_is_told_what_to_install(server: Server, command: str) -> None:
    empty = ("env", "XDG_CACHE_HOME=/root/empty", "python3", "-m", "offnet", *command.split())
    done = server.host.run(empty, timeout=30, check=False)
    said = done.stdout + done.stderr
    assert done.code == HostError.exit_code, said
    assert "sudo apt-get install -y mmdebstrap e2fsprogs" in said
    assert "Traceback" not in said


def test_every_proof_passes_and_the_server_is_as_before(server: Server) -> None:
    before = server.traces()
    done = server.offnet("check", "single-ip", "--host", "local", "--json", "results.json", timeout=180)
    assert "single-ip passed" in done.stdout
    run = from_json(server.shell("cat results.json"))
    assert (run.host, run.runtime) == ("local", "netns")
    assert {result.outcome for result in run.results} == {Outcome.PASS}
    assert {result.proof for result in run.results} == set(PROOFS) - {FAULTS}
    assert server.shell("ls /run/offnet/labs") == ""
    assert settled(server, before)


def nodes_start(server: Server) -> bool:
    return bool(server.shell(f"ls {LIVE}/*/state", check=False))


def checks_run(server: Server) -> bool:
    return "netns on local" in server.shell("cat log")


@pytest.mark.parametrize(
    ("moment", "victims"),
    [
        (nodes_start, "$(cat pid)"),
        (checks_run, "$(cat pid)"),
        (checks_run, "$(pgrep -f '[-]-when-lost') $(cat pid)"),  # the guard too: nobody clears up then
    ],
    ids=["while nodes start", "while checks run", "together with the lab's guard"],
)
def test_a_killed_check_leaves_nothing_after_down(
    server: Server, moment: Callable[[Server], bool], victims: str
) -> None:
    before = server.traces()
    server.shell(
        "echo >log; python3 -m offnet check single-ip --host local >log 2>&1 </dev/null & echo $! >pid"
    )
    until(lambda: moment(server), what=moment.__name__, deadline=60, seen=lambda: server.shell("cat log"))
    assert server.traces() != before
    server.shell(f"kill -KILL {victims}")
    assert "single-ip: down" in server.offnet("down", "single-ip").stdout
    assert settled(server, before)
    assert json.loads(server.offnet("ps", "--json").stdout) == []
