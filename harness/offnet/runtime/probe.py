"""What this machine's kernel and rights allow: tried in namespaces that are thrown away."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files as resource_files

from offnet.errors import OffnetError
from offnet.host.base import Host
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


def _capability(line: str) -> Capability:
    name, module, outcome, *words = line.split("|")
    return Capability(name, outcome == "yes", module, " ".join(words).strip())
