"""What an observer raises when it cannot tell: the daemon refused, or its answer makes no sense.

These say "could not look", never "looked and it was wrong": judging is for the checks.
"""

from __future__ import annotations

from offnet.errors import LabRunError


class ObserveError(LabRunError):
    """A node's answer cannot be used; the message names the node, the question and the answer."""


class CommandRefused(ObserveError):  # noqa: N818 - named as the tree in offnet.errors is
    """charon answered a command with a failure. ``log`` holds what it said meanwhile."""

    def __init__(self, message: str, log: tuple[str, ...] = ()) -> None:
        self.log = log
        super().__init__(message)


class PacketError(ObserveError):
    """A capture or a packet in it is cut short or malformed."""
