"""Commands in nodes, and streams from and to them, over one connection to the observer."""

from __future__ import annotations

import itertools
import os
import selectors
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from importlib.resources import files
from typing import BinaryIO, cast

from offnet.errors import LabRunError
from offnet.host.base import Completed, Stream, quoted
from offnet.runtime.observer.frames import Frames
from offnet.runtime.observer.inside import (
    CHUNK,
    COMPLAINT,
    END_OF_INPUT,
    EXIT,
    INPUT,
    KILL,
    OUTPUT,
    START,
    STOP,
    TERM,
)
from offnet.wait import Deadline

GRACE = 2.0
"""Seconds that a command has to end by itself before it is killed."""

_SOURCE = files("offnet.runtime.observer").joinpath("inside.py").read_bytes()
_BOOT = (
    "import os,sys\nleft=int(sys.argv.pop(1))\ntext=b''\n"
    "while len(text)<left: text+=os.read(0,left-len(text))\nexec(text)"
)


def argv(nodes: Sequence[str]) -> tuple[str, ...]:
    """The command line of an observer: nodes as ``NAME=PID``, or ``NAME`` for where it runs itself."""
    return ("python3", "-I", "-S", "-c", _BOOT, str(len(_SOURCE)), *nodes)


class Observer:
    """The observer at the other end of a stream. May be used from several threads. Close it."""

    def __init__(self, stream: Stream) -> None:
        self._errands: dict[int, Errand] = {}
        self._numbers = itertools.count()
        self._why = ""
        self._frames = Frames(stream, self._arrived, self._lost)
        self._frames.do(lambda: self._frames.write(_SOURCE))

    @property
    def closed(self) -> bool:
        """Whether the connection has ended."""
        return bool(self._why)

    def run(
        self, node: str, command: Sequence[str] | str, data: bytes, timeout: float, check: bool
    ) -> Completed:
        """Run a command (words, or a text of shell language) to its end; killed at the deadline."""
        shown = quoted(command)
        errand = Errand()
        number = self._begin(node, command, errand, data)
        deadline = Deadline(timeout)
        try:
            if not errand.ended.wait(deadline.left()):
                raise deadline.error(f"{node}: {shown}", errand.seen())
        except BaseException:
            self._frames.do(lambda: self._frames.send(number, STOP, b"%d" % KILL))
            raise
        out, err = (bytes(errand.output[kind]).decode(errors="replace") for kind in (OUTPUT, COMPLAINT))
        if errand.refused:
            raise LabRunError(f"{node}: {shown}: {errand.refused}; last seen: {errand.seen()}")
        done = Completed(shown, errand.code, out, err)
        return done.check() if check else done

    def stream(self, node: str, command: Sequence[str], *, stderr: bool) -> ErrandStream:
        """Start a command and hand over its pipes."""
        errand = Errand()
        number = self._begin(node, command, errand, None)
        return ErrandStream(self._frames, number, errand, stderr=stderr)

    def close(self) -> None:
        """End everything that goes on, and the observer. May be called twice."""
        self._frames.close()

    def _begin(self, node: str, command: Sequence[str] | str, errand: Errand, data: bytes | None) -> int:
        """Has an errand started with its whole input, or where that is None with an input that stays open."""
        words = ("/bin/sh", "-c", command) if isinstance(command, str) else tuple(command)
        fed = "<" if data != b"" else "-"
        number = next(self._numbers)

        def send() -> None:
            self._errands[number] = errand
            self._frames.send(number, START, "\0".join((node, fed, *words)).encode())
            if data:
                self._frames.send(number, INPUT, data)
                self._frames.send(number, END_OF_INPUT)

        if not self._frames.do(send):
            raise LabRunError(f"{node}: {quoted(command)}: the connection to the nodes is lost: {self._why}")
        return number

    def _arrived(self, number: int, kind: int, data: bytes) -> None:
        errand = self._errands[number]
        if kind in errand.output:
            errand.take(kind, data)
            return
        del self._errands[number]
        if kind == EXIT:
            errand.end(int(data))
        else:
            errand.end(-1, data.decode())

    def _lost(self, words: str) -> None:
        self._why = words.splitlines()[-1]
        for errand in self._errands.values():
            errand.end(-1, f"the connection to the nodes is lost: {self._why}")
        self._errands.clear()


class Errand:
    """One command or connection in a node, as seen from here."""

    def __init__(self) -> None:
        self.output = {OUTPUT: bytearray(), COMPLAINT: bytearray()}
        self.ended = threading.Event()
        self.code = 0
        self.refused = ""
        self.pipes: ErrandStream | None = None

    def take(self, kind: int, data: bytes) -> None:
        """What it has written; kept, or passed on as soon as there are pipes for it."""
        self.output[kind] += data
        if self.pipes:
            self.pipes.pass_on(kind)

    def end(self, code: int, refused: str = "") -> None:
        """It has ended: with a status, or because the node or the connection has."""
        self.code, self.refused = code, refused
        if refused:
            self.output[COMPLAINT] += f"{refused}\n".encode()
        self.ended.set()
        if self.pipes:
            self.pipes.pass_on_rest()

    def seen(self) -> str:
        """The end of what it has written."""
        text = b"".join(bytes(output) for output in self.output.values())
        return text.decode(errors="replace").strip()[-500:] or "no output"


class ErrandStream:
    """A Stream over an errand: pipes of this process, filled and emptied by the thread of the frames."""

    def __init__(self, frames: Frames, number: int, errand: Errand, *, stderr: bool) -> None:
        self._frames = frames
        self._number = number
        self._errand = errand
        self._closed = False
        self._source, ours = os.pipe()
        self._stdin = cast("BinaryIO", os.fdopen(ours, "wb", 0))
        self._stdout, out = _pipe()
        self._stderr: BinaryIO | None = None
        self._sinks = {OUTPUT: out}
        if stderr:
            self._stderr, self._sinks[COMPLAINT] = _pipe()
        for descriptor in (self._source, *self._sinks.values()):
            os.set_blocking(descriptor, False)
        if not frames.do(self._attach):
            errand.ended.wait(GRACE)
            self._attach()

    @property
    def stdin(self) -> BinaryIO:
        """What is written here the command reads."""
        return self._stdin

    @property
    def stdout(self) -> BinaryIO:
        """What the command writes."""
        return self._stdout

    @property
    def stderr(self) -> BinaryIO | None:
        """What the command complains about, where that was asked for."""
        return self._stderr

    def close(self) -> None:
        """Close the pipes and end the command: wait a moment, then kill. May be called twice."""
        if self._closed:
            return
        self._closed = True
        for pipe in (self._stdin, self._stdout, self._stderr):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        for number in (TERM, KILL):
            if not self._errand.ended.is_set():
                self._frames.do(partial(self._frames.send, self._number, STOP, b"%d" % number))
                self._errand.ended.wait(GRACE)

    def pass_on(self, kind: int) -> None:
        """Writes what has come as far as it is read; the rest when it is."""
        sink, pending = self._sinks.get(kind), self._errand.output[kind]
        if sink is None:
            pending.clear()
            return
        try:
            while pending:
                del pending[: os.write(sink, pending)]
        except BlockingIOError:
            if not self._errand.refused:  # else the thread of the frames may be about to end
                self._frames.watch(sink, selectors.EVENT_WRITE, partial(self.pass_on, kind))
                return
        except OSError:  # nobody reads it any more
            pending.clear()
        self._frames.forget(sink)
        if self._errand.ended.is_set():
            os.close(self._sinks.pop(kind))

    def pass_on_rest(self) -> None:
        """The command has ended: its input ends, and its output when it has been read."""
        if self._source >= 0:
            self._frames.forget(self._source)
            os.close(self._source)
            self._source = -1
        for kind in tuple(self._sinks):
            self.pass_on(kind)

    def _attach(self) -> None:
        self._errand.pipes = self
        if self._errand.ended.is_set():
            self.pass_on_rest()
            return
        self._frames.watch(self._source, selectors.EVENT_READ, self._feed)
        for kind in tuple(self._sinks):
            self.pass_on(kind)

    def _feed(self) -> None:
        data = os.read(self._source, CHUNK)
        self._frames.send(self._number, INPUT if data else END_OF_INPUT, data)
        if not data:
            self._frames.forget(self._source)


def _pipe() -> tuple[BinaryIO, int]:
    reader, writer = os.pipe()
    return cast("BinaryIO", os.fdopen(reader, "rb", 0)), writer
