"""What a script on a host says while it works, line by line."""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Iterator

from offnet.errors import DeadlineExpired
from offnet.host.base import Stream
from offnet.wait import Deadline

_CHUNK = 1 << 16


def lines(stream: Stream, limit: Deadline, expired: Callable[[], DeadlineExpired]) -> Iterator[str]:
    """Each line as it comes, to the end of the output; at the deadline, the error that ``expired`` makes."""
    buffer = b""
    while True:
        ready, _, _ = select.select([stream.stdout], [], [], limit.left())
        if not ready:
            raise expired()
        data = os.read(stream.stdout.fileno(), _CHUNK)
        if not data:
            return
        *whole, buffer = (buffer + data).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace").rstrip("\r")
