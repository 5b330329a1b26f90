"""charon's log in a node, from a mark on."""

from __future__ import annotations

import re

from offnet.runtime.base import RunningLab
from offnet.wait import until

CHARON_LOG = "/var/log/offnet/charon.log"


def mark(lab: RunningLab, node: str) -> int:
    """Where the log ends now, in bytes."""
    return int(lab.run(node, ["stat", "-c", "%s", CHARON_LOG]).stdout)


def since(lab: RunningLab, node: str, start: int) -> str:
    """What has been logged since a mark."""
    return lab.run(node, ["tail", "-c", f"+{start + 1}", CHARON_LOG]).stdout


def await_line(lab: RunningLab, node: str, start: int, pattern: str, *, what: str, seconds: float) -> str:
    """The first line since a mark that has the pattern; DeadlineExpired shows the log's last lines."""
    text = ""

    def look() -> str:
        nonlocal text
        text = since(lab, node, start)
        return next((line.strip() for line in text.splitlines() if re.search(pattern, line)), "")

    return until(
        look, what=what, deadline=seconds, seen=lambda: " | ".join(text.splitlines()[-4:]), interval=0.02
    )
