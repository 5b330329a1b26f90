"""What this machine's kernel and rights allow: tried in namespaces that are thrown away."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files as resource_files
from pathlib import Path

from offnet.errors import HostError, OffnetError
from offnet.host.base import Host
from offnet.host.docker import SOCKET
from offnet.host.local import LocalHost

TOOLS: Mapping[str, str] = {
    "ip": "iproute2",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "mount": "mount",
}
"""What the netns runtime runs on the host itself, and the Debian package that has it."""

_TIMEOUT = 20.0


@dataclass(frozen=True, slots=True)
class Capability:
    """Something that the labs need from a host's kernel: whether it works, and the module that has it."""

    name: str
    works: bool
    module: str
    words: str


def kernel(host: Host | None = None) -> tuple[Capability, ...]:
    """Try every kernel feature of the labs, as root, in namespaces of their own.

    Modules are loaded as far as the kernel does that by itself or ``modprobe`` can; nothing else
    is left behind.
    """
    script = resource_files("offnet.runtime").joinpath("probe.sh").read_text(encoding="utf-8")
    argv = ("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "/bin/sh", "-c", script)
    lines = (host or LocalHost()).run(argv, timeout=_TIMEOUT).stdout.splitlines()
    return tuple(_capability(line) for line in lines)


def obstacle() -> str | None:
    """Why labs cannot run natively on this machine, in words; None if they can."""
    if os.geteuid() != 0:
        return "native namespaces need root, and this is an ordinary user"
    missing = [f"{tool} ({package})" for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if missing:
        return f"missing on this machine: {', '.join(missing)}"
    try:
        lacking = [capability.name for capability in kernel() if not capability.works]
    except OffnetError as error:
        return f"namespaces cannot be made here: {error}"
    return f"this machine's kernel lacks {', '.join(lacking)}" if lacking else None


def container_obstacle() -> str | None:
    """Why containerlab cannot run on this machine, whatever its kernel; None if nothing is in the way."""
    if shutil.which("containerlab") is None:
        return "containerlab is not installed on this machine"
    if not Path(SOCKET).is_socket():
        return f"Docker does not run on this machine (no {SOCKET})"
    return None


def require(host: Host) -> None:
    """HostError if labs cannot run natively on a lab server. This machine has been asked already."""
    if isinstance(host, LocalHost):
        return
    tools = " ".join(TOOLS)
    done = host.run(
        ("sh", "-c", f"for tool in {tools}; do command -v $tool || echo - $tool; done"), timeout=_TIMEOUT
    )
    missing = [
        f"{t} ({TOOLS[t]})" for line in done.stdout.splitlines() if (t := line.removeprefix("- ")) in TOOLS
    ]
    if missing:
        raise HostError(f"missing on {host.name}: {', '.join(missing)}")
    lacking = [f"{c.name} (module {c.module})" for c in kernel(host) if not c.works]
    if lacking:
        raise HostError(f"the kernel of {host.name} lacks {', '.join(lacking)}; use --host sandbox")


def _capability(line: str) -> Capability:
    name, module, outcome, *words = line.split("|")
    return Capability(name, outcome == "yes", module, " ".join(words).strip())
