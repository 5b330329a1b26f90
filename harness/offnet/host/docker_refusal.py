"""Why a Docker daemon is out of reach, found in what its socket or docker's SDK says, and what helps."""

from __future__ import annotations

import errno
import socket
from enum import StrEnum

START = "sudo systemctl start docker"
PACKAGE = "docker.io"
UNIX = "unix://"


class Refusal(StrEnum):
    """Why a Docker daemon gave no answer."""

    ABSENT = "absent"
    """There is no socket."""
    STOPPED = "stopped"
    """There is a socket, and nobody behind it."""
    FORBIDDEN = "forbidden"
    """The socket is not for this user."""
    OTHER = "other"


_BY_ERROR = {
    errno.ENOENT: Refusal.ABSENT,
    errno.ECONNREFUSED: Refusal.STOPPED,
    errno.EACCES: Refusal.FORBIDDEN,
    errno.EPERM: Refusal.FORBIDDEN,
}
_NOT_THERE = f"start it with `{START}`, or install it (package {PACKAGE})"


def knock(address: str, timeout: float) -> None:
    """OSError if nothing answers at a local socket: docker's SDK would hide it, and leave a socket open."""
    if address.startswith(UNIX):
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(timeout)
            probe.connect(address.removeprefix(UNIX))


def refusal(error: BaseException) -> Refusal:
    """What an error of the socket means, also one that others wrap."""
    cause = innermost(error)
    if isinstance(cause, ConnectionResetError):
        return Refusal.STOPPED  # as ssh says it, which took the connection and could not forward it
    number = cause.errno if isinstance(cause, OSError) else None
    return _BY_ERROR.get(number or 0, Refusal.OTHER)


def join(login: str) -> str:
    """The command that lets a user to the socket, from the next login on."""
    return f"sudo usermod -aG docker {login}"


def explained(error: BaseException) -> str:
    """The innermost cause in its own words, and what helps where that is known."""
    why, words = refusal(error), told(error)
    if why is Refusal.FORBIDDEN:
        advice = f"use root, or add yourself with `{join('$USER')}` and log in again"
        return f"{words}; its socket is for root and the group docker: {advice}"
    return words if why is Refusal.OTHER else f"{words}; {_NOT_THERE}"


def told(error: BaseException) -> str:
    """The words of the innermost cause: what wraps it says the same at greater length."""
    cause = innermost(error)
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__


def innermost(error: BaseException) -> BaseException:
    """The cause below all wrappers, which hold it as cause, context or argument."""
    inner = [error.__cause__, error.__context__, *error.args]
    found = next((cause for cause in inner if isinstance(cause, BaseException) and cause is not error), None)
    return error if found is None else innermost(found)
