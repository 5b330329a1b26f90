"""A command in a container: the one connection of `docker exec`, taken apart into three pipes."""

from __future__ import annotations

import contextlib
import io
import os
import select
import socket
import struct
import threading
from collections.abc import Callable
from typing import BinaryIO, cast

_HEADER = struct.Struct(">BxxxL")  # whose output, how many bytes of it: Docker's multiplexed stream
_STDOUT, _STDERR = 1, 2
_CHUNK = 1 << 16
_GRACE = 0.25
_SEND_TIMEOUT = 30.0


class ExecStream:
    """A Stream over a hijacked connection of the Docker API.

    ``early`` is what has been read of it already. ``end`` ends the command by force; it is called
    when the end of its input does not make it end by itself.
    """

    def __init__(
        self, connection: socket.socket, early: bytes, *, stderr: bool, end: Callable[[], object]
    ) -> None:
        connection.setblocking(False)
        self._connection = connection
        self._end = end
        self._closed = False
        self._stdin = cast("BinaryIO", _Input(connection))
        self._stdout, out = _pipe()
        self._stderr: BinaryIO | None = None
        self._sinks = {_STDOUT: out}
        if stderr:
            self._stderr, self._sinks[_STDERR] = _pipe()
        self._pump = threading.Thread(target=self._carry, args=(early,), name="docker exec", daemon=True)
        self._pump.start()

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
        """Close the command's input, and end it where that does not. May be called twice."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(OSError):
            self._stdin.close()
        self._pump.join(_GRACE)
        if self._pump.is_alive():
            self._end()
            with contextlib.suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)
            self._pump.join(_GRACE)  # it may still have to pass on what has come, to someone who reads
        for pipe in (self._stdout, self._stderr):
            if pipe is not None:
                pipe.close()
        self._pump.join()
        self._connection.close()

    def _carry(self, early: bytes) -> None:
        buffer = bytearray(early)
        try:
            while True:
                self._deal(buffer)
                data = self._receive()
                if not data:
                    return
                buffer += data
        except OSError:
            return  # the connection was lost, or nobody reads any more: either way this is the end
        finally:
            for descriptor in self._sinks.values():
                os.close(descriptor)

    def _deal(self, buffer: bytearray) -> None:
        """Pass every whole frame on to its pipe."""
        while len(buffer) >= _HEADER.size:
            kind, size = _HEADER.unpack_from(buffer)
            end = _HEADER.size + size
            if len(buffer) < end:
                return
            sink = self._sinks.get(kind)
            if sink is not None:
                view = memoryview(bytes(buffer[_HEADER.size : end]))
                while view:
                    view = view[os.write(sink, view) :]
            del buffer[:end]

    def _receive(self) -> bytes:
        select.select([self._connection], [], [])
        return self._connection.recv(_CHUNK)


class _Input(io.RawIOBase):
    """The sending half of a connection. Closing it is the end of the command's input."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__()
        self._connection = connection

    def fileno(self) -> int:
        return self._connection.fileno()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        view = memoryview(cast("bytes", data)).cast("B")
        size = len(view)
        while view:
            if not select.select([], [self._connection], [], _SEND_TIMEOUT)[1]:
                raise TimeoutError(f"the command read nothing for {_SEND_TIMEOUT:g} s")
            view = view[self._connection.send(view) :]
        return size

    def close(self) -> None:
        if not self.closed:
            with contextlib.suppress(OSError):  # the other end may be gone already
                self._connection.shutdown(socket.SHUT_WR)
        super().close()


def _pipe() -> tuple[BinaryIO, int]:
    reader, writer = os.pipe()
    return cast("BinaryIO", os.fdopen(reader, "rb", buffering=0)), writer
