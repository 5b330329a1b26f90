"""The observer, running on this machine over two pipes."""

from __future__ import annotations

import os
import signal
import socket
import struct
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest

from offnet.errors import DeadlineExpired, LabRunError
from offnet.host.base import Completed
from offnet.host.process import Process, ProcessStream
from offnet.runtime.observer.client import Observer, argv
from offnet.wait import until

NODE = "a"


class Node:
    """A node that is this machine."""

    def __init__(self) -> None:
        _, *arguments = argv([NODE])
        self.process = ProcessStream.start((sys.executable, *arguments), stderr=True)
        self.observer = Observer(self.process)

    def run(self, command: list[str] | str, data: bytes = b"", timeout: float = 20.0) -> Completed:
        return self.observer.run(NODE, command, data, timeout, check=False)


@pytest.fixture
def node() -> Iterator[Node]:
    node = Node()
    yield node
    node.observer.close()


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Path]:
    """A socket on which every line of a connection comes back, and a NUL ends what FRR would answer."""
    path = tmp_path / "x.vty"
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen()

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=_echo, args=(server.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield path
    server.close()


def _echo(connection: socket.socket) -> None:
    with connection:
        while data := connection.recv(4096):
            for part in data.replace(b"\0", b"\0\0\0\0").partition(b"\0\0"):
                connection.sendall(part)  # in pieces, as they may come
            if b"bye" in data:
                return


def test_output_status_and_complaints_come_back_apart(node: Node) -> None:
    done = node.run("echo out; echo err >&2; exit 3")
    assert (done.stdout, done.stderr, done.code) == ("out\n", "err\n", 3)


def test_a_failing_command_raises_with_its_own_words(node: Node) -> None:
    with pytest.raises(LabRunError, match=r"ls /nonexistent: exit status 2: .*No such file"):
        node.observer.run(NODE, ["ls", "/nonexistent"], b"", 20, check=True)


def test_a_command_that_is_not_there_is_told_as_a_shell_tells_it(node: Node) -> None:
    done = node.run(["no-such-command", "x"])
    assert (done.code, done.stdout) == (127, "")
    assert "no-such-command" in done.stderr


@pytest.mark.parametrize(
    "text", ["", "no newline at the end", "\n\n", "a 'quoted' \"word\" $HOME `id` \\n", "äöü", "x" * 100_000]
)
def test_output_and_input_are_exact(node: Node, text: str) -> None:
    assert node.run(["printf", "%s", text]).stdout == text
    assert node.run(["cat"], text.encode()).stdout == text


def test_input_may_hold_any_byte(node: Node) -> None:
    data = bytes(range(256)) * 3
    assert node.run("od -An -v -tx1 | tr -d ' \\n'", data).stdout == data.hex()


def test_a_file_is_read_as_cat_does(node: Node, tmp_path: Path) -> None:
    (tmp_path / "one").write_text("1\n")
    (tmp_path / "two").write_text("2\n")
    both = node.run(["cat", f"{tmp_path}/one", f"{tmp_path}/two"])
    assert (both.code, both.stdout) == (0, "1\n2\n")
    missing = node.run(["cat", f"{tmp_path}/one", "/nowhere"])
    assert (missing.code, missing.stdout) == (1, "1\n")
    assert "/nowhere" in missing.stderr


def test_a_log_is_measured_and_read_from_a_byte_on_as_the_tools_do(node: Node, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("one\ntwo\n")
    for tool in ("", "/usr/bin/"):  # itself, and the process
        assert node.run([f"{tool}stat", "-c", "%s", str(log)]).stdout == "8\n"
        texts = [node.run([f"{tool}tail", "-c", f"+{byte}", str(log)]).stdout for byte in (0, 1, 5, 9)]
        assert texts == ["one\ntwo\n", "one\ntwo\n", "two\n", ""]
    missing = node.run(["stat", "-c", "%s", "/nowhere"])
    assert missing.code == 1
    assert "/nowhere" in missing.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="raw sockets are for root")
def test_a_mark_is_an_echo_request_that_is_answered(node: Node) -> None:
    content = bytes.fromhex("00ff10a5")
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as listener:
        listener.settimeout(5)
        assert node.run(["mark", content.hex()]).code == 0
        heard: dict[int, bytes] = {}
        while len(heard) < 2:
            packet = listener.recv(4096)[20:]
            if packet.endswith(content):
                heard[packet[0]] = packet[4:]
    assert heard[8] == heard[0], "the kernel answers what has the right checksum"


def test_the_kernel_is_asked_by_netlink(node: Node) -> None:
    links = struct.pack("=IHHIIB3x", 20, 18, 0x301, 1, 0, 0)  # RTM_GETLINK, as a dump
    answer = bytes.fromhex(node.run(["netlink", "0", links.hex()]).stdout)
    assert b"lo\0" in answer
    assert struct.unpack_from("=IH", answer, len(answer) - 20)[1] == 3, "the whole dump"
    unheard = node.run(["netlink", "0", struct.pack("=IHHII", 16, 99, 1, 1, 0).hex()])
    assert (unheard.code, unheard.stdout) == (1, "")


def test_a_file_that_belongs_to_its_reader_is_read_by_one(node: Node) -> None:
    assert node.run(["cat", "/proc/self/comm"]).stdout == "cat\n"


def test_large_output_on_both_pipes_does_not_block(node: Node) -> None:
    done = node.run("head -c 400000 /dev/zero | tr '\\0' o; head -c 400000 /dev/zero | tr '\\0' e >&2")
    assert (len(done.stdout), len(done.stderr)) == (400_000, 400_000)


def test_commands_of_several_threads_run_beside_each_other(node: Node, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    with ThreadPoolExecutor(9) as pool:
        held = pool.submit(node.run, f"cat {tmp_path}/gate; echo opened")
        answers = list(pool.map(lambda number: node.run(["echo", str(number)]).stdout, range(40)))
        (tmp_path / "gate").write_text("")
        assert held.result().stdout == "opened\n"
    assert answers == [f"{number}\n" for number in range(40)]


def test_what_a_command_leaves_behind_is_not_waited_for(node: Node) -> None:
    done = node.run("sleep 12345 & echo $!")
    left = Process.find(int(done.stdout))
    assert left is not None
    left.signal(signal.SIGKILL)


def test_a_missed_deadline_names_the_command_kills_it_and_nothing_else(node: Node) -> None:
    with pytest.raises(DeadlineExpired, match=r"a: .*not within 0\.5 s; last seen: \d+"):
        node.run("echo $$; exec sleep 20", timeout=0.5)
    assert node.run(["echo", "still here"]).stdout == "still here\n"


def test_commands_know_the_end_of_a_pipe(node: Node) -> None:
    assert node.run("yes | head -n 1").stdout == "y\n"
    assert "broken" not in node.run("trap 'echo ignored' PIPE; kill -PIPE $$").stdout


def test_a_stream_goes_both_ways_until_it_is_closed(node: Node) -> None:
    stream = node.observer.stream(NODE, ["sh", "-c", "echo err >&2; echo $$; exec cat"], stderr=True)
    assert stream.stderr is not None
    assert stream.stderr.readline() == b"err\n"
    process = Process.find(int(stream.stdout.readline()))
    stream.stdin.write(b"through\n")
    assert stream.stdout.readline() == b"through\n"
    assert process is not None
    stream.close()
    assert process.gone(20)


def test_a_stream_ends_with_its_input(node: Node) -> None:
    stream = node.observer.stream(NODE, ["cat"], stderr=False)
    stream.stdin.write(b"x" * 10_000)
    stream.stdin.close()
    assert stream.stdout.read() == b"x" * 10_000
    stream.close()


def test_a_stream_that_nobody_reads_holds_up_no_other(node: Node) -> None:
    stream = node.observer.stream(NODE, ["head", "-c", "3000000", "/dev/zero"], stderr=False)
    assert node.run(["echo", "meanwhile"]).stdout == "meanwhile\n"
    assert len(stream.stdout.read()) == 3_000_000
    stream.close()


def test_a_stream_that_ignores_the_request_to_end_is_killed(node: Node) -> None:
    stream = node.observer.stream(NODE, ["sh", "-c", "trap '' TERM; echo $$; exec sleep 12345"], stderr=False)
    process = Process.find(int(stream.stdout.readline()))
    assert process is not None
    stream.close()
    assert process.gone(20)


def test_a_socket_is_a_stream(node: Node, daemon: Path) -> None:
    stream = node.observer.stream(NODE, ["connect", str(daemon)], stderr=False)
    stream.stdin.write(b"hello\n")
    assert stream.stdout.readline() == b"hello\n"
    stream.stdin.write(b"bye\n")
    assert stream.stdout.read() == b"bye\n"
    stream.close()


def test_a_daemon_is_asked_until_its_last_answer(node: Node, daemon: Path) -> None:
    done = node.run(["vty", str(daemon)], b"first\0second\0third\0")
    assert (done.code, done.stdout) == (0, "first\0\0\0\0second\0\0\0\0third\0\0\0\0")


def test_a_daemon_that_closes_too_early_leaves_what_it_has_said(node: Node, daemon: Path) -> None:
    assert node.run(["vty", str(daemon)], b"bye\0").stdout.startswith("bye")


@pytest.mark.parametrize("word", ["vty", "connect"])
def test_a_socket_that_is_not_there_is_named(node: Node, word: str) -> None:
    done = node.run([word, "/run/nobody.vty"], b"show version\0")
    assert done.code != 0
    assert done.stderr == f"{word}: /run/nobody.vty: No such file or directory\n"


def test_the_end_of_the_connection_is_the_end_of_what_goes_on() -> None:
    node = Node()
    stream = node.observer.stream(NODE, ["sh", "-c", "echo $$; exec sleep 12345"], stderr=False)
    process = Process.find(int(stream.stdout.readline()))
    assert process is not None
    node.observer.close()
    assert process.gone(20)
    stream.close()


def test_an_observer_that_dies_is_an_error_not_a_wait(node: Node) -> None:
    with pytest.raises(LabRunError, match=r"a: .*the connection to the nodes is lost"):
        node.run("kill -KILL $PPID; exec sleep 20")
    until(lambda: node.observer.closed, what="the end is known", deadline=20)
    with pytest.raises(LabRunError, match="a: true: the connection to the nodes is lost"):
        node.run(["true"])


def test_an_observer_that_cannot_start_says_why() -> None:
    shell = ProcessStream.start(("/bin/sh", "-c", "echo no python here >&2; exit 1"), stderr=True)
    with closing(Observer(shell)) as observer, pytest.raises(LabRunError, match="no python here"):
        observer.run(NODE, ["true"], b"", 20, check=False)
