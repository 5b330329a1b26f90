"""Which host and runtime a lab gets, and why."""

from __future__ import annotations

from dataclasses import dataclass

from offnet.errors import HostError, UsageError
from offnet.runtime import hosting, netns, probe

RUNTIMES = (netns.NAME,)


@dataclass(frozen=True, slots=True)
class Choice:
    """A host and a runtime, and the reason in words that stand after "because"."""

    host: str
    runtime: str
    reason: str


def choose(host: str | None = None, runtime: str | None = None) -> Choice:
    """The host and runtime to use: what the user asked for, else natively where that works, else the sandbox.

    UsageError for names that do not exist; HostError where the user asked for ``local`` and this
    machine cannot.
    """
    if runtime not in {None, *RUNTIMES}:
        raise UsageError(f"{runtime}: no such runtime; there is: {', '.join(RUNTIMES)}")
    if host is None:
        obstacle = probe.obstacle()
        if obstacle is None:
            return Choice(hosting.LOCAL, netns.NAME, "this machine's kernel has all that the labs need")
        return Choice(hosting.SANDBOX, netns.NAME, obstacle)
    if host == hosting.LOCAL:
        obstacle = probe.obstacle()
        if obstacle is not None:
            raise HostError(f"{obstacle}; use --host sandbox")
    elif host != hosting.SANDBOX and not host.startswith("ssh://"):
        raise UsageError(f"{host}: no such host; there are: local, sandbox, ssh://user@server")
    return Choice(host, netns.NAME, "you asked for it")
