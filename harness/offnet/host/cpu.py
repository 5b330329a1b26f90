"""Which processor a sandbox is bound to."""

from __future__ import annotations

import os
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from offnet.errors import DeadlineExpired
from offnet.wait import until

MARK = b"uml_dir=."
"""An argument that every sandbox's kernel has, and hardly anything else."""


def quietest(proc: Path = Path("/proc")) -> int:
    """The processor, of those that this process may use, with the fewest sandboxes bound to it.

    User-mode Linux runs its processes as processes of this machine and hands over to them at every
    system call and page fault. Between two processors each handing over wakes an idle one up; on
    one processor it is a mere switch: measured, everything in a sandbox is twice as quick.
    """
    allowed = sorted(os.sched_getaffinity(0))
    bound = Counter(
        cpu for entry in proc.glob("[0-9]*") if (cpu := _bound_to(entry, len(allowed))) is not None
    )
    return min(allowed, key=lambda cpu: (bound[cpu], cpu))


@contextmanager
def one_at_a_time(patience: float = 5.0) -> Iterator[None]:
    """Lets one sandbox of this user after the other choose, so that two do not choose the same.

    The turn is the name of a socket: it ends with the process, however that ends. Who has waited
    for ``patience`` seconds chooses all the same: the worst that can come of it is a slow sandbox.
    """
    with closing(socket.socket(socket.AF_UNIX)) as turn:
        with suppress(DeadlineExpired):
            until(lambda: _taken(turn), what="the turn to choose a processor", deadline=patience)
        yield


def _taken(turn: socket.socket) -> bool:
    with suppress(OSError):
        turn.bind(f"\0offnet-processor-{os.getuid()}")
        return True
    return False


def _bound_to(entry: Path, processors: int) -> int | None:
    """The one processor that a sandbox's kernel is bound to; None for everything else."""
    try:
        if MARK not in (entry / "cmdline").read_bytes().split(b"\0"):
            return None
        cpus = os.sched_getaffinity(int(entry.name))
    except (OSError, ValueError):  # gone meanwhile
        return None
    return next(iter(cpus)) if len(cpus) == 1 < processors else None
