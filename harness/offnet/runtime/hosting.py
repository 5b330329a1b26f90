"""The host that one lab runs on, for as long as the lab does."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from offnet.host.base import Host, Stream
from offnet.host.local import LocalHost
from offnet.host.sandbox import ROOTFS, Sandbox
from offnet.host.ssh import SshHost
from offnet.runtime import image, netns
from offnet.runtime.plan import NetnsPlan

SANDBOX = "sandbox"
LOCAL = "local"


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

    def __init__(self, plan: NetnsPlan, directory: Path, node_image: Path, kernel: Path) -> None:
        self._sandbox = Sandbox.start(directory, image=node_image, kernel=kernel, files=plan.absolute())

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
    """A machine on which we are root: this one or a lab server. Only the lab is ours there."""

    def __init__(self, plan: NetnsPlan, host: LocalHost | SshHost, node_image: Path) -> None:
        self._host = host
        self._lab = plan.lab
        self.timings: Mapping[str, float] = {}
        with contextlib.ExitStack() as undo:
            undo.callback(host.close)
            netns.down(plan.lab, host)
            self.image = image.on_host(host, node_image)
            host.put(plan.files, plan.directory)
            self._guard: Stream = host.stream(("/bin/sh", f"{plan.directory}/netns-down.sh", "--when-lost"))
            undo.pop_all()

    @property
    def host(self) -> Host:
        """The machine."""
        return self._host

    def keep(self) -> None:
        """Let the lab run until ``offnet down``; a connection ends with this program all the same."""
        self._guard.stdin.write(b"keep\n")
        self._guard.stdout.read()  # to its end: it must have read the word before it is closed
        self._guard.close()

    def close(self) -> None:
        """Take the lab away and let go of the connection."""
        with contextlib.ExitStack() as stack:
            stack.callback(self._host.close)
            stack.callback(netns.down, self._lab, self._host)
            self.keep()


def rootfs(host: str) -> str | None:
    """Where that host shows the node root filesystem; None where an image is to be mounted."""
    return ROOTFS if host == SANDBOX else None


def provide(plan: NetnsPlan, host: str, directory: Path, node_image: Path, kernel: Path) -> Hosting:
    """A host of that name (``sandbox``, ``local``, ``ssh://..``), ready for the plan."""
    if host == SANDBOX:
        return SandboxHosting(plan, directory, node_image, kernel)
    return RootHosting(plan, LocalHost() if host == LOCAL else SshHost.connect(host), node_image)


def again(host: str, directory: Path) -> Host | None:
    """The host of a lab that was started earlier; None if it is gone."""
    if host == SANDBOX:
        found = Sandbox.find(directory)
        return found.host if found else None
    return LocalHost() if host == LOCAL else SshHost.connect(host)


def clear(lab: str, host: str, directory: Path) -> None:
    """End what an earlier command left of a lab, in whatever state. Nothing left is no error."""
    if host == SANDBOX:
        found = Sandbox.find(directory)
        if found:
            found.stop()
        return
    machine = LocalHost() if host == LOCAL else SshHost.connect(host)
    with contextlib.closing(machine):
        netns.down(lab, machine)
