"""The two pipes of a process in a node, used like a socket, with a deadline on every byte.

The vici package wants a socket and switches its timeouts off after the first byte of an
answer. Here the deadline belongs to the whole exchange and cannot be switched off.
"""

from __future__ import annotations

import os
import select
import time
from types import TracebackType
from typing import Self

from offnet.host.base import Stream


class ExchangeTimeoutError(OSError):
    """The deadline of an exchange passed; what was read of it is lost."""


class StreamSocket:
    """A Stream as the few socket methods that a protocol library needs.

    ``allow`` starts an exchange: everything until the next ``allow`` must happen within it,
    or ExchangeTimeoutError is raised. ``settimeout`` bounds the wait for the first byte of what the
    library reads next, and raises TimeoutError, after which the stream is still usable.
    """

    def __init__(self, stream: Stream, seconds: float = 10.0) -> None:
        self._stream = stream
        self._out = stream.stdin.fileno()
        self._in = stream.stdout.fileno()
        self._idle: float | None = None
        self._deadline = time.monotonic() + seconds
        os.set_blocking(self._out, False)

    def allow(self, seconds: float) -> None:
        """Start an exchange that may take so long."""
        self._deadline = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds until the deadline, never negative."""
        return max(0.0, self._deadline - time.monotonic())

    def settimeout(self, seconds: float | None) -> None:
        """Bound the wait for the next byte more tightly than the deadline does."""
        self._idle = seconds

    def gettimeout(self) -> float | None:
        """What ``settimeout`` has set."""
        return self._idle

    def sendall(self, data: bytes) -> None:
        """Send everything, or raise ExchangeTimeoutError at the deadline."""
        view = memoryview(data)
        while view:
            _, ready, _ = select.select([], [self._out], [], self.left)
            if not ready:
                raise ExchangeTimeoutError("the other end does not read")
            view = view[os.write(self._out, view[: select.PIPE_BUF]) :]

    def readable(self, seconds: float) -> bool:
        """Whether a byte (or the end) comes within so long."""
        return bool(select.select([self._in], [], [], seconds)[0])

    def recv(self, size: int) -> bytes:
        """Up to ``size`` bytes, none at the end of the stream."""
        wait = self.left if self._idle is None else min(self.left, self._idle)
        ready, _, _ = select.select([self._in], [], [], wait)
        if not ready:
            raise ExchangeTimeoutError("no answer") if self._idle is None else TimeoutError("nothing yet")
        return os.read(self._in, size)

    def shutdown(self, _how: int) -> None:
        """Close the stream: pipes have no half-open state worth keeping."""
        self.close()

    def close(self) -> None:
        """End the process behind the stream."""
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
