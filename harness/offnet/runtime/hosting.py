"""The host that one lab runs on, for as long as the lab does."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from offnet.errors import HostError, UsageError
from offnet.host.base import Host, Stream
from offnet.host.docker import DockerDisk
from offnet.host.local import LocalHost
from offnet.host.sandbox import ROOTFS, Sandbox
from offnet.host.ssh import SshHost
from offnet.runtime import image, plan
from offnet.runtime.plan import DOWN, Plan

SANDBOX = "sandbox"
LOCAL = "local"
OWNER = "owner"

Require = Callable[[Plan, Host], None]
"""Raises HostError or UsageError if a machine cannot run a lab."""

_DOWN_TIMEOUT = 60.0
_QUICK = 10.0


@dataclass(frozen=True, slots=True)
class Supplies:
    """Files of this machine that a host is made of.

    ``root`` is the file system of a sandbox, or the node image that is sent to a machine where
    its nodes are made of one; ``docker`` makes the sandbox a lab server.
    """

    root: Path | None = None
    kernel: Path | None = None
    docker: DockerDisk | None = None


class Hosting(Protocol):
    """A host made ready for one lab: the plan's files are there, and the program's end is noticed."""

    @property
    def host(self) -> Host:
        """Where the nodes run."""

    @property
    def image(self) -> str:
        """The node image on that host, or nothing where its content is mounted already."""

    @property
    def timings(self) -> Mapping[str, float]:
        """Seconds that it took, by phase."""

    def keep(self) -> None:
        """Let the lab outlive this program."""

    def close(self) -> None:
        """End the lab and the host's part in it."""


class SandboxHosting:
    """A sandbox of its own for the lab; both end together."""

    image = ""

    def __init__(self, lab: Plan, directory: Path, supplies: Supplies) -> None:
        if supplies.root is None or supplies.kernel is None:
            raise HostError("a sandbox is made of a root file system and a kernel")
        self._sandbox = Sandbox.start(
            directory,
            image=supplies.root,
            kernel=supplies.kernel,
            files=lab.absolute(),
            docker=supplies.docker,
        )

    @property
    def host(self) -> Host:
        """The guest."""
        return self._sandbox.host

    @property
    def timings(self) -> Mapping[str, float]:
        """Preparation and boot."""
        return self._sandbox.timings

    def keep(self) -> None:
        """Let the sandbox run until ``offnet down``."""
        self._sandbox.keep()

    def close(self) -> None:
        """Power off."""
        self._sandbox.stop()


class RootHosting:
    """A machine on which we are root: this one or a lab server. Only the lab is ours there.

    ``owner`` says whose the lab is; one of the same name that is somebody else's is refused with
    UsageError, and not touched. ``require`` refuses a machine before anything is put there.
    ``node_image`` is sent there where nodes are made of it.
    """

    def __init__(
        self, lab: Plan, host: LocalHost | SshHost, owner: str, require: Require, node_image: Path | None
    ) -> None:
        self._host = host
        self._lab = lab.lab
        self.timings: Mapping[str, float] = {}
        with contextlib.ExitStack() as undo:
            undo.callback(host.close)
            if not down(lab.lab, host, owner):
                raise UsageError(_taken(lab.lab, host))
            require(lab, host)
            self.image = image.on_host(host, node_image) if node_image else ""
            host.put({**lab.files, OWNER: owner.encode()}, lab.directory)
            self._guard: Stream = host.stream(("/bin/sh", f"{lab.directory}/{DOWN}", "--when-lost"))
            undo.pop_all()

    @property
    def host(self) -> Host:
        """The machine."""
        return self._host

    def keep(self) -> None:
        """Let the lab run until ``offnet down``; a connection ends with this program all the same."""
        try:
            self._guard.stdin.write(b"keep\n")
            self._guard.stdout.read()  # to its end: it must have read the word before it is closed
        except OSError:
            raise HostError(f"{self._host.name}: connection lost before {self._lab} could be kept") from None
        finally:
            self._guard.close()

    def close(self) -> None:
        """Take the lab away and let go of the connection."""
        with contextlib.ExitStack() as stack:
            stack.callback(self._host.close)
            stack.callback(run_down, self._lab, self._host)
            with contextlib.suppress(HostError):  # if the connection is lost, taking the lab away says so
                self.keep()


def rootfs(host: str) -> str | None:
    """Where that host shows the node root filesystem; None where an image is to be mounted."""
    return ROOTFS if host == SANDBOX else None


def provide(
    lab: Plan, host: str, directory: Path, *, owner: str, require: Require, supplies: Supplies
) -> Hosting:
    """A host of that name (``sandbox``, ``local``, ``ssh://..``), ready for the plan."""
    if host == SANDBOX:
        return SandboxHosting(lab, directory, supplies)
    return RootHosting(lab, machine(host), owner, require, supplies.root)


def machine(host: str) -> LocalHost | SshHost:
    """The machine at hand, or the lab server of that name; SshHost is connected and must be closed."""
    return LocalHost() if host == LOCAL else SshHost.connect(host)


def again(host: str, directory: Path) -> Host | None:
    """The host of a lab that was started earlier; None if it is gone."""
    if host == SANDBOX:
        found = Sandbox.find(directory)
        return found.host if found else None
    return machine(host)


def power_off(directory: Path) -> None:
    """End the sandbox that runs in a directory, if one does."""
    found = Sandbox.find(directory)
    if found:
        found.stop()


def down(lab: str, host: Host, owner: str) -> bool:
    """Take a lab away from a machine, from any state, also half built. Nothing to do is no error.

    False, and nothing done, if the lab of that name there is somebody else's.
    """
    there = _owner(lab, host)
    if there not in {"", owner}:
        return False
    if there:
        run_down(lab, host)
    return True


def _owner(lab: str, host: Host) -> str:
    """Who started the lab of that name on a machine; nothing if there is none."""
    where = f"{plan.directory(lab)}/{OWNER}"
    return host.run(("sh", "-c", f"[ ! -e {where} ] || cat {where}"), timeout=_QUICK).stdout


def run_down(lab: str, host: Host) -> None:
    """Take a lab away, whosever it is."""
    script = f"{plan.directory(lab)}/{DOWN}"
    host.run(("sh", "-c", f"[ ! -e {script} ] || exec /bin/sh {script}"), timeout=_DOWN_TIMEOUT)


def _taken(lab: str, host: Host) -> str:
    who = _owner(lab, host).partition(" ")[0]
    return (
        f"{host.name} has a lab {lab} already, started by {who}: it is left alone; "
        "wait for its end, or give this lab another name"
    )
