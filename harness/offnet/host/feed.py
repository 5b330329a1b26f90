"""Lines that a command goes on printing, so that one can wait for news instead of asking again and again."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from offnet.host.base import Stream


class LineFeed:
    """Reads a stream in a thread of its own and counts its lines. Close it: it ends the command."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._changed = threading.Condition()
        self._lines: list[str] = []
        self._thread = threading.Thread(target=self._read, name="line feed", daemon=True)
        self._thread.start()

    @property
    def count(self) -> int:
        """How many lines have come."""
        with self._changed:
            return len(self._lines)

    def lines(self) -> tuple[str, ...]:
        """All lines that have come."""
        with self._changed:
            return tuple(self._lines)

    def wait(self, start: int, wanted: Callable[[str], bool], timeout: float) -> bool:
        """Return once a line since number ``start`` is wanted; False when none came in time."""
        with self._changed:
            return self._changed.wait_for(lambda: any(wanted(line) for line in self._lines[start:]), timeout)

    def close(self) -> None:
        """End the command; nothing more comes. May be called twice."""
        self._stream.close()
        self._thread.join()

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # closed while we read: that is how it ends
            for line in iter(self._stream.stdout.readline, b""):
                with self._changed:
                    self._lines.append(line.decode(errors="replace"))
                    self._changed.notify_all()
