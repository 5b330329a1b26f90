"""Frames between this side and the observer: nothing blocks, and one thread does all reading and writing."""

from __future__ import annotations

import os
import selectors
import threading
from collections.abc import Callable
from contextlib import suppress

from offnet.host.base import Stream
from offnet.runtime.observer.inside import CHUNK, HEADER, frames

GRACE = 2.0
"""Seconds that the observer has to end."""

_WORDS = 2000


class Frames:
    """Sends frames over a stream and hands each one that comes to ``arrived``.

    ``lost`` is told the observer's last words, once, when the stream has ended. Everything that is
    given to ``do``, and every action of ``watch``, happens in the thread of the frames.
    """

    def __init__(
        self, stream: Stream, arrived: Callable[[int, int, bytes], None], lost: Callable[[str], None]
    ) -> None:
        self._stream = stream
        self._arrived = arrived
        self._lost = lost
        self._outgoing = bytearray()
        self._received = bytearray()
        self._words = b""
        self._tasks: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._ended = False
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._selector = selectors.DefaultSelector()
        os.set_blocking(stream.stdin.fileno(), False)
        self.watch(self._wake, selectors.EVENT_READ, self._work)
        self.watch(stream.stdout.fileno(), selectors.EVENT_READ, self._read)
        if stream.stderr is not None:
            self.watch(stream.stderr.fileno(), selectors.EVENT_READ, self._listen)
        self._thread = threading.Thread(target=self._run, name="observer", daemon=True)
        self._thread.start()

    def send(self, channel: int, kind: int, data: bytes = b"") -> None:
        """Queues a frame. To be called by what ``do`` and ``watch`` were given."""
        self.write(HEADER.pack(channel, kind, len(data)) + data)

    def write(self, data: bytes) -> None:
        """Queues bytes that are no frame: what the observer is made of comes before the first one."""
        if self._stream.stdin.closed:
            return
        self._outgoing += data
        self.watch(self._stream.stdin.fileno(), selectors.EVENT_WRITE, self._write)

    def do(self, task: Callable[[], None]) -> bool:
        """Has something done soon; False if the stream has ended, so that nothing is done any more."""
        with self._lock:
            if self._ended:
                return False
            self._tasks.append(task)
            os.eventfd_write(self._wake, 1)
            return True

    def watch(self, descriptor: int, events: int, action: Callable[[], None]) -> None:
        """Calls an action whenever a descriptor is ready."""
        if descriptor in self._selector.get_map():
            self._selector.modify(descriptor, events, action)
        else:
            self._selector.register(descriptor, events, action)

    def forget(self, descriptor: int) -> None:
        """No longer watches a descriptor."""
        with suppress(KeyError):
            self._selector.unregister(descriptor)

    def close(self) -> None:
        """Ends the stream, and with it everything that the observer has started. May be called twice."""
        self.do(self._end_input)
        self._thread.join(GRACE)
        self.do(self._finish)
        self._thread.join()
        self._stream.close()

    def _run(self) -> None:
        while not self._ended:
            for key, _ in self._selector.select():
                if key.fd in self._selector.get_map():  # else an action before has forgotten it
                    key.data()
        for task in self._tasks:
            task()
        self._lost(self._words.decode(errors="replace").strip() or "no word of why")
        self._selector.close()
        os.close(self._wake)

    def _finish(self) -> None:
        with self._lock:
            self._ended = True

    def _end_input(self) -> None:
        """The observer kills what it has started, and goes."""
        self.forget(self._stream.stdin.fileno())
        self._outgoing.clear()
        self._stream.stdin.close()

    def _work(self) -> None:
        with self._lock:
            os.eventfd_read(self._wake)
            tasks, self._tasks = self._tasks, []
        for task in tasks:
            task()

    def _read(self) -> None:
        data = os.read(self._stream.stdout.fileno(), CHUNK)
        if not data:
            self._finish()
            return
        self._received += data
        for channel, kind, payload in frames(self._received):
            self._arrived(channel, kind, payload)

    def _listen(self) -> None:
        assert self._stream.stderr is not None  # noqa: S101 - else it is not watched
        data = os.read(self._stream.stderr.fileno(), CHUNK)
        self._words = (self._words + data)[-_WORDS:]
        if not data:
            self.forget(self._stream.stderr.fileno())

    def _write(self) -> None:
        descriptor = self._stream.stdin.fileno()
        try:
            del self._outgoing[: os.write(descriptor, self._outgoing)]
        except BlockingIOError:
            return
        except OSError:  # the end of its output tells the rest
            self._outgoing.clear()
        if not self._outgoing:
            self.forget(descriptor)
