"""Labs under containerlab on a server: started, entered, kept, taken down; nothing is left."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from offnet.errors import LabRunError, UsageError
from offnet.host.base import Completed
from offnet.runtime import labs
from offnet.runtime.hosting import Supplies
from offnet.runtime.state import Store
from offnet.wait import until
from tests.containerlab.conftest import write_two

if TYPE_CHECKING:
    from tests.containerlab.conftest import Server

pytestmark = pytest.mark.lab

CONTAINERS = "docker ps --no-trunc --format '{{.ID}} {{.State}}'"
_STARTER = """
import sys
from pathlib import Path
from offnet.runtime import labs
from offnet.runtime.hosting import Supplies
from offnet.runtime.state import Store
folder, root, url = sys.argv[1:]
with labs.start(Path(folder), url, runtime="containerlab", supplies=Supplies(), store=Store(Path(root)),
                report=lambda line: print(line, flush=True)):
    print("up", flush=True)
    sys.stdin.read()
"""


def start(folder: Path, url: str, store: Store) -> labs.Session:
    return labs.start(folder, url, runtime="containerlab", supplies=Supplies(), store=store)


def test_nodes_come_up_reach_each_other_and_leave_no_trace(
    server: Server, url: str, two: Path, store: Store
) -> None:
    before = server.traces()
    with start(two, url, store) as session:
        lab = session.lab
        assert (lab.nodes, lab.runtime, lab.host.name) == (("a", "b"), "containerlab", url)
        assert lab.run("a", ["ping", "-c", "1", "-W", "2", "10.0.0.2"]).code == 0
        assert lab.run("b", ["hostname"]).stdout == "b\n"
        assert "mtu 1400" in lab.run("a", ["ip", "link", "show", "to-b"]).stdout
        assert lab.run("a", ["ls", "/sys/class/net"]).stdout.split() == ["lo", "to-b"]
        assert lab.run("a", ["cat", "/proc/sys/net/ipv4/ip_forward"]).stdout == "1\n"
        assert b"NODE=a" in lab.read("a", "/etc/offnet/node.env")
        assert set(session.timings) >= {"deploy", "ready"}
        assert server.traces() != before
    assert store.labs() == ()
    assert server.settled(before)


def test_volumes_go_with_the_lab(server: Server, url: str, tmp_path: Path, store: Store) -> None:
    before = server.traces()
    with start(write_two(tmp_path / "two", volumes=["two-shared:/srv/shared"]), url, store) as session:
        session.lab.run("a", "echo from a >/srv/shared/word")
        assert session.lab.run("b", ["cat", "/srv/shared/word"]).stdout == "from a\n"
        assert "two-shared" in server.traces()
    assert server.settled(before)


def test_everything_that_is_asked_of_a_node(url: str, two: Path, store: Store) -> None:
    with start(two, url, store) as session:
        lab = session.lab
        big = lab.stream("a", ("head", "-c", "3000000", "/dev/zero"))
        assert len(big.stdout.read()) == 3_000_000  # many frames, whole
        big.close()
        echo = lab.stream("a", ("cat",), stderr=True)
        echo.stdin.write(b"there and back\n")
        assert echo.stdout.read(15) == b"there and back\n"
        echo.stdin.close()
        assert echo.stdout.read() == b""  # cat saw the end of its input
        echo.close()
        echo.close()
        both = lab.stream("b", ("sh", "-c", "echo out; echo err >&2"), stderr=True)
        assert both.stderr is not None
        assert (both.stdout.read(), both.stderr.read()) == (b"out\n", b"err\n")
        both.close()
        with pytest.raises(LabRunError, match="No such file"):
            lab.read("a", "/nowhere")
        assert lab.run("a", "exit 7", check=False).code == 7
        assert lab.run("a", ["cat"], input=b"\x00\xff'$x").stdout.encode(errors="replace").startswith(b"\0")
        with pytest.raises(UsageError, match="two has no node c"):
            lab.run("c", ["true"])


def test_a_closed_stream_ends_its_command(server: Server, url: str, two: Path, store: Store) -> None:
    with start(two, url, store) as session:
        lasting = session.lab.stream("a", ("sleep", "12345"))
        until(lambda: "sleep 12345" in server.traces(), what="the command", deadline=10, interval=0.2)
        lasting.close()
        until(lambda: "sleep 12345" not in server.traces(), what="its end", deadline=10, interval=0.2)


def test_a_command_needs_no_exec_of_its_own(url: str, two: Path, store: Store) -> None:
    with start(two, url, store) as session:
        session.lab.run("a", ["true"])
        begun = time.monotonic()
        for _ in range(20):
            session.lab.run("a", ["true"])
        quick = time.monotonic() - begun
        begun = time.monotonic()
        subprocess.run(session.lab.command("a", ("true",)), check=True, timeout=30)
        assert quick / 20 < (time.monotonic() - begun) / 2


def test_the_users_terminal_gets_into_a_node(url: str, two: Path, store: Store) -> None:
    with start(two, url, store) as session:
        argv = session.lab.command("b", ("sh", "-c", "hostname; exit 3"))
        done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (3, "b\n")


def test_a_kept_lab_stays_until_down(server: Server, url: str, two: Path, store: Store) -> None:
    before = server.traces()
    with start(two, url, store) as session:
        session.keep()
    with labs.attach("two", store=store) as lab:
        assert lab.run("b", ["hostname"]).stdout == "b\n"
    with pytest.raises(UsageError, match="two is already running"):
        start(two, url, store)
    labs.down("two", store=store)
    assert server.settled(before)
    with pytest.raises(UsageError, match="two is not running"):
        labs.attach("two", store=store)


@pytest.mark.parametrize(
    "end",
    [
        (moment, number)
        for moment in ("Creating container", "Created link", "up")
        for number in (signal.SIGKILL, signal.SIGINT)
    ],
    ids=lambda end: f"{end[1].name} at {end[0]}",
)
def test_an_ended_command_leaves_nothing(
    server: Server, url: str, two: Path, store: Store, end: tuple[str, signal.Signals]
) -> None:
    moment, number = end
    before = server.traces()
    argv = (sys.executable, "-c", _STARTER, str(two), str(store.directory("").parent / "state"), url)
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as ended:
        assert ended.stdout is not None
        while moment not in ended.stdout.readline():
            assert ended.poll() is None
        ended.send_signal(number)
    if number == signal.SIGKILL:
        assert store.labs() == ("two",)
        labs.down("two", store=store)
    assert store.labs() == ()
    assert server.settled(before)


def test_after_a_reboot_what_is_on_the_disk_is_cleared(
    server: Server, url: str, two: Path, store: Store
) -> None:
    before = server.traces()
    with start(two, url, store) as session:
        session.keep()
    server.shell(
        "docker kill $(docker ps -q) && rm -rf /run/offnet/labs/* /etc/ssh/ssh_config.d/clab-two.conf"
    )
    server.shell("find /run/netns -xtype l -delete")
    with (
        labs.attach("two", store=store) as lab,
        pytest.raises(LabRunError, match=r"a: its container .* does not run: Exited"),
    ):
        lab.run("a", ["true"])
    labs.down("two", store=store)
    assert server.settled(before)


def test_somebody_elses_lab_of_that_name_is_left_alone(
    server: Server, url: str, two: Path, store: Store, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    with start(two, url, Store(tmp_path / "other")):
        running = server.shell(CONTAINERS)
        with pytest.raises(UsageError, match=r"server has a lab two already, started by \S+@\S+: it is left"):
            start(two, url, store)
        assert store.labs() == ()
        assert server.shell(CONTAINERS) == running != ""


def test_a_plain_lab_of_that_name_is_left_alone(server: Server, url: str, two: Path, store: Store) -> None:
    before = server.traces()
    server.host.put({str(p.relative_to(two)): p.read_bytes() for p in two.rglob("*.*")}, "/root/two")
    deploy(server, "deploy")
    running = server.shell(CONTAINERS)
    try:
        with pytest.raises(UsageError, match=r"has a lab two already.*\(/root/two/two.clab.yml\)"):
            start(two, url, store)
        assert server.shell(CONTAINERS) == running != ""
    finally:
        deploy(server, "destroy")
    assert server.settled(before)


def deploy(server: Server, command: str) -> Completed:
    cleanup = "--cleanup" if command == "destroy" else ""
    script = f"cd /root/two && TERM=dumb containerlab {command} {cleanup} </dev/null 2>&1"
    return server.host.run(("sh", "-c", script), timeout=60)
