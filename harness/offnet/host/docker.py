"""Docker in a sandbox, which makes it a lab server: its disk, its start, and the wait for it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from importlib.resources import files as resource_files
from pathlib import Path

from offnet.errors import DeadlineExpired, HostError
from offnet.host.base import Host
from offnet.wait import Deadline

SOCKET = "/run/docker.sock"
"""Where the daemon of a lab server listens."""

DATA = "/var/lib/docker"

MEMORY = 3072
"""MiB of address space of a guest with Docker: the daemon, containerlab, and nodes with their pages."""

SPACE = 1 << 30
"""Bytes that what a guest with Docker writes may take on this machine: a lab takes some tens of MB."""

_STATE = "/run/docker.state"
_LOG = "/var/log/docker.log"
_LOG_LINES = 12
_QUICK = 10.0


@dataclass(frozen=True, slots=True)
class DockerDisk:
    """An ext4 image that holds what Docker keeps, and the list of what is built into the kernel.

    What the guest writes goes to a file of its own beside the control socket, and the image stays
    as it is; unless it is ``writable``, for the one who fills it.
    """

    image: Path
    modules: Path
    release: str
    writable: bool = False

    def kernel_arguments(self) -> tuple[str, ...]:
        """The third disk of the guest: copy-on-write, by the kernel's own format."""
        image = str(self.image.absolute())
        return (f"ubd2={image}",) if self.writable else (f"ubd2=docker.cow,{image}",)

    def mounts(self) -> bytes:
        """What is added to the guest's mounts."""
        return f"/dev/ubdc /run/root{DATA} ext4 X-mount.mkdir,noatime 0 0\n".encode()

    def payload(self) -> dict[str, bytes]:
        """What starts the daemon, and what containerlab reads to learn that no module need be loaded."""
        return {
            "boot/docker.sh": resource_files("offnet.host").joinpath("sandbox-docker.sh").read_bytes(),
            f"upper/usr/lib/modules/{self.release}/modules.builtin": self.modules.read_bytes(),
        }


def require_space(directory: Path, needed: int = SPACE) -> None:
    """HostError where a guest would run out of disk in the middle of its work."""
    free = shutil.disk_usage(directory).free
    if free < needed:
        raise HostError(
            f"a sandbox with Docker wants {needed >> 20} MiB of disk in {directory}, where {free >> 20} MiB "
            "are free: free some"
        )


def await_ready(host: Host, deadline: Deadline) -> None:
    """Return once the daemon answers; HostError with its last log lines if it does not."""
    try:
        word = host.run(("head", "-n", "1", _STATE), timeout=deadline.left()).stdout.strip()
    except DeadlineExpired:
        word = f"no answer within {deadline.seconds:g} s"
    if word != "ready":
        log = host.run(("tail", "-n", str(_LOG_LINES), _LOG), timeout=_QUICK, check=False).stdout
        words = "\n".join(f"    {line}" for line in log.splitlines()) or "    (nothing)"
        raise HostError(f"Docker did not start in the sandbox ({word}); its last lines:\n{words}")
