"""Logs in a node, charon's or another, from a mark on."""

from __future__ import annotations

import re

from offnet.runtime.base import RunningLab

CHARON_LOG = "/var/log/offnet/charon.log"


def mark(lab: RunningLab, node: str, log: str = CHARON_LOG) -> int:
    """Where a log ends now, in bytes."""
    return int(lab.run(node, ["stat", "-c", "%s", log]).stdout)


def since(lab: RunningLab, node: str, start: int, log: str = CHARON_LOG) -> str:
    """What has been logged since a mark."""
    return lab.run(node, ["tail", "-c", f"+{start + 1}", log]).stdout


def line_about(text: str, about: str, pattern: str, toward: str = "") -> str:
    """The first line with the pattern in a negotiation that began with the line ``about``; else an empty one.

    charon's lines bear the number of their IKE_SA, with the connection's name once that is known. With
    ``toward``, its messages came to that address: peers of several front doors may have the same one.
    """
    begun = set(re.findall(rf"<(?:[^<>|]*\|)?(\d+)> {re.escape(about)}", text))
    if toward:
        came = rf"<(?:[^<>|]*\|)?(\d+)> received packet: from \S+ to {re.escape(toward)}\["
        begun &= set(re.findall(came, text))
    for line in text.splitlines():
        number = re.search(rf"<(?:[^<>|]*\|)?(\d+)> .*(?:{pattern})", line)
        if number and number[1] in begun:
            return line.strip()
    return ""
