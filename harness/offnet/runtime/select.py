"""Which host and runtime a lab gets, and why."""

from __future__ import annotations

from dataclasses import dataclass

from offnet.errors import HostError, UsageError
from offnet.runtime import drivers, hosting, probe


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
    if runtime not in {None, *drivers.NAMES}:
        raise UsageError(f"{runtime}: no such runtime; there are: {', '.join(drivers.NAMES)}")
    wanted = runtime or drivers.NETNS
    if host is None:
        obstacle = _obstacle(wanted)
        if obstacle is None:
            return Choice(hosting.LOCAL, wanted, "this machine's kernel has all that the labs need")
        return Choice(hosting.SANDBOX, wanted, obstacle)
    if host == hosting.LOCAL:
        obstacle = _obstacle(wanted)
        if obstacle is not None:
            raise HostError(f"{obstacle}; use --host sandbox")
    elif host != hosting.SANDBOX and not host.startswith("ssh://"):
        raise UsageError(f"{host}: no such host; there are: local, sandbox, ssh://user@server")
    return Choice(host, wanted, "you asked for it")


def _obstacle(runtime: str) -> str | None:
    containers = probe.container_obstacle() if runtime == drivers.CONTAINERLAB else None
    return containers or probe.obstacle()
