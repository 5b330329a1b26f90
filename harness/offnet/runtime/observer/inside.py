"""Runs commands in nodes, and does what needs no process itself: inside.py NODE[=PID]..

A node with a process id is a set of namespaces, entered for the moment that it takes to start a
command or to open a socket; one without is where this program runs itself. Talks on standard
input and output in frames: channel, kind, length, then so many bytes.

Its own commands, by their first words: ``cat FILE..``, ``stat -c %s FILE``, ``tail -c +BYTE FILE``,
``connect SOCKET``, ``vty SOCKET`` (asks a daemon of FRR, and ends with its last answer), ``mark HEX``
(sends one echo request with that content over the loopback), and ``netlink PROTOCOL HEX`` (asks the kernel
for a dump, and prints it as hexadecimal digits). In a sandbox a process costs several milliseconds, and so
does every module that is loaded: hence neither ``json`` nor ``subprocess``, and ``_socket`` itself.
"""

from __future__ import annotations

import os
import select
import stat
import struct
import sys
from _socket import AF_INET, AF_NETLINK, AF_UNIX, IPPROTO_ICMP, SHUT_WR, SOCK_RAW, SOCK_STREAM, socket
from collections.abc import Callable, Iterator

HEADER = struct.Struct(">IBI")
NETLINK_HEADER = struct.Struct("=IH")  # the rest of it is not looked at
NETLINK_LAST = (2, 3)  # an error, or the end of a dump
START, INPUT, END_OF_INPUT, STOP = range(4)
OUTPUT, COMPLAINT, EXIT, REFUSED = range(4)

CHUNK = 1 << 16
VTY_END = b"\0\0\0"  # a status byte follows
TERM, KILL, PIPE, XFSZ = 15, 9, 13, 25
IGNORED_BY_PYTHON = (PIPE, XFSZ)
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x4000000, 0x8000000
CLONE_NEWPID, CLONE_NEWNET = 0x20000000, 0x40000000
NAMESPACES = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET


def frames(received: bytearray) -> Iterator[tuple[int, int, bytes]]:
    """Takes every whole frame out of what has come: its channel, kind and payload."""
    while len(received) >= HEADER.size:
        channel, kind, length = HEADER.unpack_from(received)
        end = HEADER.size + length
        if len(received) < end:
            return
        payload = bytes(received[HEADER.size : end])
        del received[:end]
        yield channel, kind, payload


class Loop:
    """Calls who watches a descriptor when something happens to it."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._actions: dict[int, Callable[[], object]] = {}

    def watch(self, descriptor: int, action: Callable[[], object], events: int = select.EPOLLIN) -> None:
        (self._poll.modify if descriptor in self._actions else self._poll.register)(descriptor, events)
        self._actions[descriptor] = action

    def forget(self, descriptor: int) -> None:
        if self._actions.pop(descriptor, None):
            self._poll.unregister(descriptor)

    def run_until_input_ends(self, after_each_round: Callable[[], object]) -> None:
        while 0 in self._actions:
            for descriptor, _ in self._poll.poll():
                action = self._actions.get(descriptor)
                if action:
                    action()
            after_each_round()


class Nodes:
    """Where commands run. ``inside`` does something in a node, in its namespaces."""

    def __init__(self, names: list[str]) -> None:
        self._home = os.pidfd_open(os.getpid())
        self._nodes = {name: _handle(pid) for name, _, pid in (one.partition("=") for one in names)}

    def inside(self, node: str, act: Callable[[], object]) -> None:
        handle = self._nodes[node]
        if handle is None:
            act()
            return
        os.setns(handle, NAMESPACES)  # type: ignore[attr-defined]  # Python 3.12; the nodes have a newer one
        try:
            act()
        finally:
            os.setns(self._home, NAMESPACES)  # type: ignore[attr-defined]  # as above


def _handle(pid: str) -> int | None:
    try:
        return os.pidfd_open(int(pid)) if pid else None
    except ProcessLookupError:
        return -1  # it has ended: to enter it is an error


class Sink:
    """A descriptor that gets its bytes as it takes them."""

    def __init__(self, loop: Loop, descriptor: int) -> None:
        self._loop = loop
        self._pending = bytearray()
        self._ended = False
        self.descriptor = descriptor

    def feed(self, data: bytes) -> None:
        self._pending += data
        self.write()

    def end(self) -> None:
        self._ended = True
        self.write()

    def write(self) -> None:
        try:
            while self._pending and self.descriptor >= 0:
                del self._pending[: os.write(self.descriptor, self._pending)]
        except BlockingIOError:
            self._loop.watch(self.descriptor, self.write, select.EPOLLOUT)
            return
        except OSError:  # nobody reads it any more
            self._ended = True
        if self._ended:
            self.close()
        elif self.descriptor >= 0:
            self._loop.forget(self.descriptor)

    def close(self) -> None:
        if self.descriptor >= 0:
            self._loop.forget(self.descriptor)
            os.close(self.descriptor)
            self.descriptor = -1


class Command:
    """A process in a node: what it is fed, what it writes, and its end."""

    def __init__(self, observer: Observer, channel: int, argv: list[str], fed: bool) -> None:
        self._observer = observer
        self._channel = channel
        stdin, feeding = os.pipe() if fed else (os.open("/dev/null", os.O_RDONLY), -1)
        out, stdout = os.pipe()
        err, stderr = os.pipe()
        self._input = Sink(observer.loop, feeding)
        self._outputs = {out: OUTPUT, err: COMPLAINT}
        try:
            self._pid = os.posix_spawn(
                observer.program(argv[0]),
                argv,
                os.environ,
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, stdin, 0),
                    (os.POSIX_SPAWN_DUP2, stdout, 1),
                    (os.POSIX_SPAWN_DUP2, stderr, 2),
                ],
                setpgroup=0,
                setsigdef=IGNORED_BY_PYTHON,
            )
        except OSError:
            for descriptor in (out, err):
                os.close(descriptor)
            self._input.close()
            raise
        finally:
            for descriptor in (stdin, stdout, stderr):
                os.close(descriptor)
        self._watch()

    def _watch(self) -> None:
        loop = self._observer.loop
        for descriptor in (*self._outputs, self._input.descriptor):
            if descriptor >= 0:
                os.set_blocking(descriptor, False)
        for descriptor in self._outputs:
            loop.watch(descriptor, self._reader(descriptor))
        self._process = os.pidfd_open(self._pid)
        loop.watch(self._process, self._ended)

    def feed(self, data: bytes) -> None:
        self._input.feed(data)

    def end_input(self) -> None:
        self._input.end()

    def stop(self, number: int) -> None:
        """End it: politely, or at once."""
        self._input.close()
        try:
            os.killpg(self._pid, number)
        except ProcessLookupError:
            pass

    def _reader(self, descriptor: int) -> Callable[[], object]:
        return lambda: self._pass_on(descriptor)

    def _pass_on(self, descriptor: int) -> bool:
        try:
            data = os.read(descriptor, CHUNK)
        except BlockingIOError:
            return False
        if data:
            self._observer.send(self._channel, self._outputs[descriptor], data)
            return True
        self._close(descriptor)
        return False

    def _ended(self) -> None:
        """What it has written is passed on; what it has left behind may hold its pipes, and goes on."""
        status = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        for descriptor in list(self._outputs):
            while self._pass_on(descriptor):
                pass
        for descriptor in list(self._outputs):
            self._close(descriptor)
        self._observer.loop.forget(self._process)
        os.close(self._process)
        self._input.close()
        self._observer.exited(self._channel, status if status >= 0 else 128 - status)

    def _close(self, descriptor: int) -> None:
        self._observer.loop.forget(descriptor)
        os.close(descriptor)
        del self._outputs[descriptor]


class Connection:
    """A socket in a node. Where ``answers`` is set, it ends with so many answers of an FRR daemon."""

    def __init__(self, observer: Observer, channel: int, path: str, vty: bool) -> None:
        self._observer = observer
        self._channel = channel
        self._vty = vty
        self._answers = 0
        self._heard = bytearray()
        self._socket = socket(AF_UNIX, SOCK_STREAM)
        self._socket.setblocking(False)
        self._socket.connect(path)
        self._input = Sink(observer.loop, os.dup(self._socket.fileno()))
        observer.loop.watch(self._socket.fileno(), self._read)

    def feed(self, data: bytes) -> None:
        self._answers += data.count(b"\0")
        self._input.feed(data)

    def end_input(self) -> None:
        if not self._vty:
            self._socket.shutdown(SHUT_WR)

    def stop(self, _number: int) -> None:
        self._close(1)

    def _read(self) -> None:
        try:
            data = self._socket.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._observer.send(self._channel, OUTPUT, data)
        if not data or (self._vty and self._complete(data)):
            self._close(0)

    def _complete(self, data: bytes) -> bool:
        """Whether the last answer has come; what is left in ``_heard`` is the beginning of the next."""
        self._heard += data
        while 0 <= (end := self._heard.find(VTY_END)) < len(self._heard) - len(VTY_END):
            del self._heard[: end + len(VTY_END) + 1]
            self._answers -= 1
        return self._answers == 0

    def _close(self, code: int) -> None:
        self._observer.loop.forget(self._socket.fileno())
        self._input.close()
        self._socket.close()
        self._observer.exited(self._channel, code)


class Observer:
    """Takes frames from standard input, and starts, feeds and stops what they ask for."""

    def __init__(self, names: list[str]) -> None:
        self.loop = Loop()
        self._nodes = Nodes(names)
        self._open: dict[int, Command | Connection] = {}
        self._programs: dict[str, str] = {}
        self._received = bytearray()
        self._outgoing = bytearray()
        os.set_blocking(0, False)

    def serve(self) -> None:
        """Until the input ends; nothing of what was started goes on after that."""
        self.loop.watch(0, self._receive)
        try:
            self.loop.run_until_input_ends(self._flush)
        finally:
            for one in list(self._open.values()):
                one.stop(KILL)

    def send(self, channel: int, kind: int, data: bytes) -> None:
        """Soon: what one round brings leaves in one write, as each wakes all who pass it on."""
        self._outgoing += HEADER.pack(channel, kind, len(data)) + data

    def _flush(self) -> None:
        while self._outgoing:
            try:
                del self._outgoing[: os.write(1, self._outgoing)]
            except BlockingIOError:  # it may be the same open file as our input
                select.select([], [1], [])

    def program(self, name: str) -> str:
        """Where a program is, found once: all nodes of an observer have the same root."""
        if "/" in name:
            return name
        if name not in self._programs:
            self._programs[name] = _which(name)
        return self._programs[name]

    def exited(self, channel: int, code: int) -> None:
        self._open.pop(channel, None)
        self.send(channel, EXIT, b"%d" % code)

    def _receive(self) -> None:
        try:
            data = os.read(0, CHUNK)
        except BlockingIOError:
            return
        if not data:
            self.loop.forget(0)
        self._received += data
        for channel, kind, payload in frames(self._received):
            self._act(channel, kind, payload)

    def _act(self, channel: int, kind: int, payload: bytes) -> None:
        if kind == START:
            node, fed, *argv = payload.decode().split("\0")
            self._begin(channel, node, argv, fed == "<")
        elif channel in self._open:  # else it has ended meanwhile
            one = self._open[channel]
            if kind == INPUT:
                one.feed(payload)
            elif kind == END_OF_INPUT:
                one.end_input()
            else:
                one.stop(int(payload))

    def _begin(self, channel: int, node: str, argv: list[str], fed: bool) -> None:
        try:
            self._nodes.inside(node, lambda: self._start(channel, argv, fed))
        except ProcessLookupError:
            self.send(channel, REFUSED, b"the node has ended")
        except OSError as error:
            words = f"{argv[0]}: {error.filename or argv[-1]}: {error.strerror}\n"
            self.send(channel, COMPLAINT, words.encode())
            self.send(channel, EXIT, b"127" if isinstance(error, FileNotFoundError) else b"1")

    def _start(self, channel: int, argv: list[str], fed: bool) -> None:
        if argv[0] in ("connect", "vty"):
            self._open[channel] = Connection(self, channel, argv[1], argv[0] == "vty")
        elif argv[0] == "mark":
            _send_mark(bytes.fromhex(argv[1]))
            self.send(channel, EXIT, b"0")
        elif argv[0] == "netlink":
            self.send(channel, OUTPUT, _dump(int(argv[1]), bytes.fromhex(argv[2])).hex().encode())
            self.send(channel, EXIT, b"0")
        elif (answer := _answer(argv)) is not None:
            self.send(channel, OUTPUT, answer)
            self.send(channel, EXIT, b"0")
        else:
            self._open[channel] = Command(self, channel, argv, fed)


def _which(name: str) -> str:
    for folder in os.get_exec_path():
        if os.access(f"{folder}/{name}", os.X_OK):
            return f"{folder}/{name}"
    raise FileNotFoundError(2, "No such file or directory", name)


def _plain(path: str) -> bool:
    """Whether it is there and can be read at once; what belongs to the reader is for ``cat`` itself."""
    try:
        return stat.S_ISREG(os.stat(_of_node(path)).st_mode) and not path.startswith("/proc/self/")
    except OSError:
        return False


def _of_node(path: str) -> str:
    """/proc/net is the reader's own, and we have no number in the node's /proc; its first process has."""
    return f"/proc/1/net/{path[10:]}" if path.startswith("/proc/net/") else path


def _answer(argv: list[str]) -> bytes | None:
    """What a command would print that only reads plain files, in the ways that are asked for often."""
    files = argv[1:] if argv[0] == "cat" else argv[3:]
    if not files or not all(map(_plain, files)):
        return None
    if argv[0] == "cat":
        return b"".join(map(_content, files))
    if len(files) == 1 and argv[:3] == ["stat", "-c", "%s"]:
        return b"%d\n" % os.stat(_of_node(files[0])).st_size
    if len(files) == 1 and argv[:2] == ["tail", "-c"] and argv[2][:1] == "+" and argv[2][1:].isdecimal():
        return _content(files[0], max(int(argv[2]) - 1, 0))
    return None


def _content(path: str, start: int = 0) -> bytes:
    with open(_of_node(path), "rb", 0) as file:
        if start:
            file.seek(start)
        return file.read()


def _send_mark(content: bytes) -> None:
    """An echo request to ourselves, as ``ping -p`` sends it; the content has an even length."""
    packet = struct.pack("!BBHHH", 8, 0, 0, os.getpid() & 0xFFFF, 0) + content
    total = sum(struct.unpack(f"!{len(packet) // 2}H", packet))
    total = (total & 0xFFFF) + (total >> 16)
    checksum = struct.pack("!H", ~(total + (total >> 16)) & 0xFFFF)
    sender = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)
    try:
        sender.sendto(packet[:2] + checksum + packet[4:], ("127.0.0.1", 0))
    finally:
        sender.close()


def _dump(protocol: int, request: bytes) -> bytes:
    """Everything that the kernel answers: it has it ready, or does not answer at all."""
    kernel = socket(AF_NETLINK, SOCK_RAW, protocol)
    kernel.settimeout(1.0)
    answer = b""
    try:
        kernel.sendto(request, (0, 0))
        while True:
            part, at = kernel.recv(CHUNK), 0
            answer += part
            while at < len(part):
                length, kind = NETLINK_HEADER.unpack_from(part, at)
                if kind in NETLINK_LAST:
                    return answer
                at += length + -length % 4
    finally:
        kernel.close()


if __name__ == "__main__":
    Observer(sys.argv[1:]).serve()
