"""Which processor a sandbox is bound to."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

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


def _bound_to(entry: Path, processors: int) -> int | None:
    """The one processor that a sandbox's kernel is bound to; None for everything else."""
    try:
        if MARK not in (entry / "cmdline").read_bytes().split(b"\0"):
            return None
        cpus = os.sched_getaffinity(int(entry.name))
    except (OSError, ValueError):  # gone meanwhile
        return None
    return next(iter(cpus)) if len(cpus) == 1 < processors else None
