"""What can go wrong on a lab server: one clear message, the right exit code, and nothing is left."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from offnet.errors import HostError, LabRunError, NodeFailed, OffnetError, UsageError
from offnet.host.ssh import SshHost
from offnet.runtime import labs
from offnet.runtime.base import Report
from offnet.runtime.hosting import Supplies
from offnet.runtime.lab import HostedLab
from offnet.runtime.state import Store
from tests.containerlab.conftest import write_two

if TYPE_CHECKING:
    from tests.containerlab.conftest import Server

pytestmark = [
    pytest.mark.lab,
    # docker's SDK forgets a socket that it could not connect; see below
    pytest.mark.filterwarnings("ignore:unclosed <socket.socket:ResourceWarning"),
]

_STOP = "pid=$(cat /run/docker.pid) && kill $pid && timeout 30 tail --pid=$pid -f /dev/null"


@pytest.fixture(autouse=True)
def _forgotten_sockets() -> Iterator[None]:
    """What the SDK forgot is found here, and not in a later test that had nothing to do with it."""
    yield
    gc.collect()


def start(folder: Path, url: str, store: Store, report: Report = lambda _: None) -> labs.Session:
    return labs.start(folder, url, runtime="containerlab", supplies=Supplies(), store=store, report=report)


def refused(folder: Path, url: str, store: Store, report: Report = lambda _: None) -> OffnetError:
    with pytest.raises(OffnetError) as caught:
        start(folder, url, store, report).close()
    return caught.value


@contextmanager
def without_docker(server: Server) -> Iterator[None]:
    """The daemon, with all that it was started with, is back afterwards."""
    command = server.shell("tr '\\0' ' ' </proc/$(cat /run/docker.pid)/cmdline")
    server.shell(_STOP)
    yield
    start_again(server, command)


def start_again(server: Server, command: str) -> None:
    server.shell(
        f"setsid {command} >/var/log/docker.log 2>&1 </dev/null & "
        "timeout 30 sh -c 'until docker version >/dev/null 2>&1; do :; done'"
    )


@contextmanager
def replaced(server: Server, program: str, by: str | None) -> Iterator[None]:
    """Another program of that name, or none."""
    path = server.shell(f"command -v {program}").strip()
    server.shell(f"mv {path} {path}.away")
    if by is not None:
        server.host.put({program: by.encode()}, str(Path(path).parent))
        server.shell(f"chmod 755 {path}")
    try:
        yield
    finally:
        server.shell(f"mv -f {path}.away {path}")


def test_containerlab_is_not_installed(server: Server, url: str, two: Path, store: Store) -> None:
    before = server.traces()
    with replaced(server, "containerlab", None):
        error = refused(two, url, store)
    assert isinstance(error, HostError)
    assert (
        str(error) == f"containerlab is not installed on {url}; install it: https://containerlab.dev/install"
    )
    assert (store.labs(), server.traces()) == ((), before)


def test_containerlab_is_too_old(server: Server, url: str, two: Path, store: Store) -> None:
    with replaced(server, "containerlab", "#!/bin/sh\necho 0.75.2\n"):
        error = refused(two, url, store)
    assert isinstance(error, HostError)
    assert f"containerlab 0.75 on {url} is too old: 0.76 is the oldest that will do" in str(error)


def test_the_daemon_does_not_run(server: Server, url: str, two: Path, store: Store) -> None:
    before = server.traces()
    with without_docker(server):
        error = refused(two, url, store)
    assert isinstance(error, HostError)
    assert str(error).startswith(f"Docker does not answer at /run/docker.sock of {url}: ")
    assert "systemctl start docker" in str(error)
    assert store.labs() == ()
    assert server.settled(before)


def test_the_daemon_stops_in_the_middle(server: Server, url: str, two: Path, store: Store) -> None:
    before = server.traces()
    command = server.shell("tr '\\0' ' ' </proc/$(cat /run/docker.pid)/cmdline")

    def stop(line: str) -> None:
        if "Creating container" in line:
            server.shell(_STOP, check=False)

    error = refused(two, url, store, stop)
    assert isinstance(error, LabRunError)
    assert "the Docker daemon ended meanwhile: start it, systemctl start docker" in str(error) or (
        "two may still be on" in str(error)
    )
    assert store.labs() == ("two",)
    with pytest.raises(OffnetError, match=r"[Dd]ocker"):
        labs.down("two", store=store)
    assert store.labs() == ("two",)
    start_again(server, command)
    labs.down("two", store=store)
    assert store.labs() == ()
    assert server.settled(before)


def test_a_node_is_killed(server: Server, url: str, two: Path, store: Store) -> None:
    with start(two, url, store) as session:
        lab = session.lab
        assert lab.run("a", ["hostname"]).stdout == "a\n"
        server.shell("docker kill clab-two-a")
        with pytest.raises(
            LabRunError, match=r"a: hostname: the connection to the nodes is lost|a: its container"
        ):
            lab.run("a", ["hostname"])
        with pytest.raises(LabRunError, match=r"a: its container on \S+ does not run any more"):
            lab.run("a", ["hostname"])
        assert lab.run("b", ["hostname"]).stdout == "b\n"


def test_a_node_that_cannot_start_is_told_with_its_log(
    server: Server, url: str, two: Path, store: Store
) -> None:
    before = server.traces()
    (two / "b" / "nftables.conf").write_text("no such syntax\n")
    error = refused(two, url, store)
    assert isinstance(error, NodeFailed)
    assert str(error).startswith("b: nft 1\n")
    assert "syntax error" in str(error)
    assert server.settled(before)


def test_the_image_is_missing(server: Server, url: str, tmp_path: Path, store: Store) -> None:
    before = server.traces()
    error = refused(write_two(tmp_path / "two", image="nowhere:1"), url, store)
    assert isinstance(error, HostError)
    assert "nowhere:1 not found locally" in str(error)
    assert "offnet image build" in str(error)
    assert server.settled(before)


def test_a_name_is_taken(server: Server, url: str, two: Path, store: Store) -> None:
    server.shell("docker create --name clab-two-a --network none offnet-node")
    before = server.traces()
    try:
        error = refused(two, url, store)
        assert isinstance(error, UsageError)
        assert "another lab has containers of these names" in str(error)
        assert server.settled(before)
    finally:
        server.shell("docker rm -f clab-two-a")


def test_the_disk_is_full(server: Server, url: str, two: Path, store: Store) -> None:
    before = server.traces()
    full = "/var/lib/docker/full"
    server.shell(f"fallocate -l $(df --output=avail -B1 /var/lib/docker | tail -n 1) {full}", check=False)
    server.shell(f"cat /dev/zero >>{full}", check=False)
    try:
        error = refused(two, url, store)
    finally:
        server.shell(f"rm {full}")
    assert isinstance(error, HostError)
    assert "the disk is full there" in str(error)
    assert server.settled(before)


def test_the_connection_breaks(server: Server, url: str, two: Path, store: Store) -> None:
    before = server.traces()
    session = start(two, url, store)
    session.lab.run("a", ["true"])
    dropped(session.lab)
    with pytest.raises(LabRunError, match="a: "):
        session.lab.run("a", ["true"])
    with pytest.raises(LabRunError, match=r"two may still be on ssh://root@server; .*offnet down two"):
        session.close()
    assert store.labs() == ("two",)
    labs.down("two", store=store)
    assert server.settled(before)


def test_a_kept_lab_outlives_a_broken_connection(server: Server, url: str, two: Path, store: Store) -> None:
    before = server.traces()
    with start(two, url, store) as session:
        session.keep()
    with labs.attach("two", store=store) as lab:
        dropped(lab)
        with pytest.raises(LabRunError):
            lab.run("a", ["true"])
    with labs.attach("two", store=store) as lab:
        assert lab.run("a", ["hostname"]).stdout == "a\n"
    labs.down("two", store=store)
    assert server.settled(before)


def dropped(lab: HostedLab) -> None:
    """The connection is gone, as when the network is."""
    assert isinstance(lab.host, SshHost)
    lab.host.disconnect()
