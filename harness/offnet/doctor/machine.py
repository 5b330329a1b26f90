"""What this machine brings along for the sandbox: architecture, Python, tools, rights, space."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from offnet.artifacts import machine
from offnet.doctor.model import Finding, Status, Topic
from offnet.errors import HostError

SPACE_NEEDED = 5_000_000_000
SHM_WANTED = 512_000_000
OLDEST_PYTHON = (3, 11)


def findings(*, built: bool) -> Iterator[Finding]:
    """Everything but the kernel and the cache; ``built``: what the cache should hold is there."""
    yield _architecture()
    yield _python()
    yield from _tools(built=built)
    if not built:
        yield _keyring()
        yield _subordinate_ids()
    yield _space(built=built)
    yield _shared_memory()


def _architecture() -> Finding:
    name = platform.machine()
    try:
        machine.require_x86_64(name)
    except HostError as error:
        return Finding(Topic.MACHINE, "architecture", Status.MISSING, str(error))
    return Finding(Topic.MACHINE, "architecture", Status.OK, name)


def _python() -> Finding:
    status = Status.OK if sys.version_info >= OLDEST_PYTHON else Status.MISSING
    return Finding(Topic.MACHINE, "python", status, platform.python_version())


def _tools(*, built: bool) -> Iterator[Finding]:
    """The tools of the builds are needed only while something is to be built."""
    path = machine.search_path()
    for tool, package in machine.PACKAGES.items():
        found = shutil.which(tool, path=path)
        if found:
            yield Finding(Topic.SANDBOX, tool, Status.OK, found)
        elif built and tool != "ssh":
            yield Finding(Topic.SANDBOX, tool, Status.NOTE, "not installed; needed only to build anew")
        elif tool == "newuidmap" and os.geteuid() == 0:
            yield Finding(Topic.SANDBOX, tool, Status.OK, "not needed by root")
        else:
            command = f"sudo apt-get install -y {package}"
            yield Finding(Topic.SANDBOX, tool, Status.MISSING, "not installed", command)


def _keyring(file: Path = machine.KEYRING) -> Finding:
    if file.exists():
        return Finding(Topic.SANDBOX, "Debian's keys", Status.OK, str(file))
    command = "sudo apt-get install -y debian-archive-keyring"
    return Finding(Topic.SANDBOX, "Debian's keys", Status.MISSING, f"{file} is not there", command)


def _subordinate_ids() -> Finding:
    try:
        machine.require_subordinate_ids()
    except HostError as error:
        remedy = 'sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "$USER"'
        return Finding(
            Topic.SANDBOX, "subordinate ids", Status.MISSING, str(error).partition("\n")[0], remedy
        )
    return Finding(Topic.SANDBOX, "subordinate ids", Status.OK, "present or not needed")


def _space(*, built: bool) -> Finding:
    try:
        folder = machine.cache_root()
    except HostError as error:
        return Finding(Topic.CACHE, "folder", Status.MISSING, str(error))
    free = machine.free_space(folder)
    seen = f"{free / 1e9:.1f} GB free for {folder}"
    if built or free >= SPACE_NEEDED:
        return Finding(Topic.CACHE, "space", Status.OK, seen)
    return Finding(Topic.CACHE, "space", Status.MISSING, f"{seen}; {SPACE_NEEDED / 1e9:.0f} GB are needed")


def _shared_memory(folder: Path = Path("/dev/shm")) -> Finding:  # noqa: S108 - looked at, not written to
    """A small one is no obstacle: the sandbox's memory is then a file on disk."""
    if not folder.is_dir():
        return Finding(Topic.SANDBOX, "shared memory", Status.NOTE, "absent; the sandbox uses a disk instead")
    size = shutil.disk_usage(folder).total
    if size >= SHM_WANTED:
        return Finding(Topic.SANDBOX, "shared memory", Status.OK, f"{size / 1e6:.0f} MB")
    seen = f"only {size / 1e6:.0f} MB; the sandbox uses a disk instead"
    return Finding(Topic.SANDBOX, "shared memory", Status.NOTE, seen)
