"""What running labs directly on this machine's kernel needs: rights, tools, and the kernel's features."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

from offnet.doctor import kernel
from offnet.doctor.model import Finding, Status, Topic
from offnet.errors import OffnetError
from offnet.runtime import probe


def findings() -> Iterator[Finding]:
    """Rights, tools and features. Root tries each feature; others are told what the kernel's files say."""
    yield _rights()
    yield from _tools()
    if os.geteuid() != 0:
        yield from kernel.findings(kernel.Kernel(), kernel.distribution())
        return
    try:
        capabilities = probe.kernel()
    except OffnetError as error:
        yield Finding(Topic.KERNEL, "namespaces", Status.MISSING, f"cannot be made here: {error}")
        yield from kernel.findings(kernel.Kernel(), kernel.distribution())
        return
    yield from (_tried(capability) for capability in capabilities)


def _rights() -> Finding:
    if os.geteuid() == 0:
        return Finding(Topic.NATIVE, "rights", Status.OK, "root")
    return Finding(Topic.NATIVE, "rights", Status.MISSING, "an ordinary user; network namespaces need root")


def _tools() -> Iterator[Finding]:
    for tool, package in probe.TOOLS.items():
        found = shutil.which(tool)
        if found:
            yield Finding(Topic.NATIVE, tool, Status.OK, found)
        else:
            command = f"sudo apt-get install -y {package}"
            yield Finding(Topic.NATIVE, tool, Status.MISSING, "not installed", command)


def _tried(capability: probe.Capability) -> Finding:
    if capability.works:
        return Finding(Topic.KERNEL, capability.name, Status.OK, "works", module=capability.module)
    here, distribution = kernel.Kernel(), kernel.distribution()
    said = f": {capability.words}" if capability.words else ""
    source = kernel.source(here, distribution, capability.module)
    seen = f"does not work, module {capability.module}{said}" + (f"; {source}" if source else "")
    remedy = kernel.remedy(here, distribution, capability.module)
    return Finding(Topic.KERNEL, capability.name, Status.MISSING, seen, remedy, capability.module)
